;; A plugin of the trial 0.2.0: it explains a callback by one fact, its id and its route.
(module
  (import "hookswitch:plugin/settings@0.2.0" "get" (func $settings (param i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  ;; With a string more the callback no longer comes flat: `id` is at 0, `route` at 56.
  (func (export "hookswitch:plugin/explaining@0.2.0#explain") (param $call i32) (result i32)
    (call $settings (i32.const 3000))
    (if (i32.eqz (i32.load (i32.const 3004))) (then unreachable))
    (i64.store (i32.const 3100) (i64.load (local.get $call)))
    (i64.store (i32.const 3108) (i64.load (i32.add (local.get $call) (i32.const 56))))
    (i32.store (i32.const 3200) (i32.const 3100))
    (i32.store (i32.const 3204) (i32.const 1))
    (i32.const 3200)))
