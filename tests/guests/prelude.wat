;; The least that an adapter can be, as a core module with the canonical ABI's names: everything it
;; returns is zeros (a genuine callback with no events), and every reply is an empty 200. Tests put
;; their own functions at the marks.
(module
  (;IMPORTS;)
  (memory (export "memory") 4)
  ;; result<reply, reason>: ok, status 200, no headers, no body
  (data (i32.const 2052) "\c8\00")
  (global $next (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "hookswitch:plugin/protocol@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#configure") (result i32) (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#verify")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (;VERIFY;)
    (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#parse")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#respond") (param i32) (result i32)
    (;RESPOND;)
    (i32.const 2048))
  (;FUNCTIONS;)
)
