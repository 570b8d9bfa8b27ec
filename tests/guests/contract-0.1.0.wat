;; A plugin of version 0.1.0, as one that was built long ago: it must load and work for as long as
;; the router speaks that version. It explains a callback by one fact: its id, and its URL. What it
;; reads of `settings` decides its verdict: without any it traps.
(module
  (import "hookswitch:plugin/settings@0.1.0" "get" (func $settings (param i32)))
  (memory (export "memory") 1)
  ;; result<reply, reason>: ok, status 204, no headers, no body
  (data (i32.const 2052) "\cc\00")
  (global $next (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "hookswitch:plugin/protocol@0.1.0#describe") (result i32) (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#configure") (result i32) (i32.const 1024))
  ;; genuine, and nothing more
  (func (export "hookswitch:plugin/protocol@0.1.0#verify")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (call $settings (i32.const 3000))
    (if (i32.eqz (i32.load (i32.const 3004))) (then unreachable))
    (i32.const 1024))
  ;; no events
  (func (export "hookswitch:plugin/protocol@0.1.0#parse")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.const 1024))
  (func (export "hookswitch:plugin/protocol@0.1.0#respond") (param i32) (result i32)
    (i32.const 2048))
  ;; The callback comes flat: `id` first, `url` third.
  (func (export "hookswitch:plugin/explaining@0.1.0#explain")
    (param $id i32) (param $id-bytes i32) (param i32 i32) (param $url i32) (param $url-bytes i32)
    (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
    (i32.store (i32.const 3100) (local.get $id))
    (i32.store (i32.const 3104) (local.get $id-bytes))
    (i32.store (i32.const 3108) (local.get $url))
    (i32.store (i32.const 3112) (local.get $url-bytes))
    (i32.store (i32.const 3200) (i32.const 3100))
    (i32.store (i32.const 3204) (i32.const 1))
    (i32.const 3200)))
