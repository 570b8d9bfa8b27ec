;; A responder that asks AUTHORITY over HTTP and waits for what never ends.
(module
  (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.12" "[constructor]outgoing-request"
    (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-scheme"
    (func $scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-authority"
    (func $authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-path-with-query"
    (func $path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/outgoing-handler@0.2.12" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]future-incoming-response.subscribe"
    (func $subscribe (param i32) (result i32)))
  (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 128) "/")
  (data (i32.const 256) "AUTHORITY")
  (global $next (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "hookswitch:plugin/answering@0.1.0#compute")
    (param i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i64 i32 i32) (result i32)
    (local $asked i32)
    (local.set $asked (call $request (call $fields)))
    ;; some(HTTP), some(the authority), some("/")
    (drop (call $scheme
      (local.get $asked) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $authority
      (local.get $asked) (i32.const 1) (i32.const 256) (i32.const LENGTH)))
    (drop (call $path
      (local.get $asked) (i32.const 1) (i32.const 128) (i32.const 1)))
    (call $handle (local.get $asked) (i32.const 0) (i32.const 0) (i32.const 512))
    ;; result<future, error-code>: an error isn't what is tried here
    (if (i32.load8_u (i32.const 512)) (then unreachable))
    (call $block (call $subscribe (i32.load (i32.const 520))))
    unreachable))
