;; A model of how Go programs run on WebAssembly, in the layout of Go 1.12 and later: the PC to go on from is the word
;; below SP. Two "goroutines" take turns. Each works on its own stack in memory; whoever switches stores where it is,
;; loads where the other one was, and returns 1 through all its callers, so that only the loop is left on the wasm stack.
;;
;; Memory:  0x10  end of the log             0x14  has a goroutine ended?      0x18  does nobody pause?
;;          0x20 + 16 i  saved SP and PC of goroutine i
;;          0x100 the log                    0x4000, 0x5000  tops of the two stacks
(module
  (type $go (func (param i32) (result i32)))
  (memory (export "mem") 1)

  (global $SP (mut i32) (i32.const 0))
  (global $CTXT (mut i64) (i64.const 0))
  (global $g (mut i64) (i64.const 0))
  (global $RET0 (mut i64) (i64.const 0))
  (global $RET1 (mut i64) (i64.const 0))
  (global $RET2 (mut i64) (i64.const 0))
  (global $RET3 (mut i64) (i64.const 0))
  (global $PAUSE (mut i32) (i32.const 0))

  (table 0x1008 funcref)
  (elem (i32.const 0x1000) func $none $worker $step $switch $runtime.pause $runtime.goexit $sum $push)

  (func $none (type $go)
    i32.const 0)

  (func $log (param $char i32)
    (i32.store8 (i32.load (i32.const 0x10)) (local.get $char))
    (i32.store (i32.const 0x10) (i32.add (i32.load (i32.const 0x10)) (i32.const 1))))

  ;; Pushes the return address: a PC of this module.
  (func $push (param $pc i64)
    (global.set $SP (i32.sub (global.get $SP) (i32.const 8)))
    (i64.store (global.get $SP) (local.get $pc)))

  ;; PC_F 0x1001: func worker(n): logs its letter and switches, n times; a frame of 8 bytes holds what is left of n.
  (func $worker (type $go)
    (block $unwind
      (loop $dispatch
        (block $2
          (block $1
            (block $0
              (br_table $0 $1 $2 (local.get 0)))
            ;; PC_B 0: allocate the frame, n = argument
            (global.set $SP (i32.sub (global.get $SP) (i32.const 8)))
            (i64.store (global.get $SP) (i64.load offset=16 (global.get $SP))))
          ;; PC_B 1: the loop over n, where one comes back to after each step
          (if (i64.eqz (i64.load (global.get $SP)))
            (then
              (global.set $SP (i32.add (global.get $SP) (i32.const 16)))
              (return (i32.const 0))))
          (i64.store (global.get $SP) (i64.sub (i64.load (global.get $SP)) (i64.const 1)))
          (call $push (i64.const 0x10010002))
          (br_if $unwind (call $step (i32.const 0))))
        ;; PC_B 2: after the call
        (local.set 0 (i32.const 1))
        (br $dispatch))
      (unreachable))
    (i32.const 1))

  ;; PC_F 0x1002: func step(): logs and switches; goroutine 1 then pauses the program.
  (func $step (type $go)
    (block $unwind
      (block $2
        (block $1
          (block $0
            (br_table $0 $1 $2 (local.get 0)))
          ;; PC_B 0
          (call $log (i32.add (i32.const 97) (i32.wrap_i64 (global.get $g))))
          (call $push (i64.const 0x10020001))
          (br_if $unwind (call $switch (i32.const 0))))
        ;; PC_B 1: we have the processor again
        (call $log (i32.add (i32.const 65) (i32.wrap_i64 (global.get $g))))
        (if (i32.or (i64.eqz (global.get $g)) (i32.load (i32.const 0x18)))
          (then
            (global.set $SP (i32.add (global.get $SP) (i32.const 8)))
            (return (i32.const 0))))
        (call $push (i64.const 0x10020002))
        (br_if $unwind (call $runtime.pause (i32.const 0))))
      ;; PC_B 2: after the pause
      (call $log (i32.const 46))
      (global.set $SP (i32.add (global.get $SP) (i32.const 8)))
      (return (i32.const 0)))
    (i32.const 1))

  ;; PC_F 0x1003: saves the caller's SP and PC, loads those of the other goroutine, unwinds.
  (func $switch (type $go)
    (local $mine i32) (local $other i32)
    (local.set $mine (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4))))
    (global.set $g (i64.xor (global.get $g) (i64.const 1)))
    (local.set $other (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4))))
    (i64.store (local.get $mine) (i64.extend_i32_u (i32.add (global.get $SP) (i32.const 8))))
    (i64.store offset=8 (local.get $mine) (i64.load (global.get $SP)))
    (global.set $SP (i32.wrap_i64 (i64.load (local.get $other))))
    (i64.store (i32.sub (global.get $SP) (i32.const 8)) (i64.load offset=8 (local.get $other)))
    (i32.const 1))

  ;; PC_F 0x1004: leaves the loop; the PC to go on from is the caller's.
  (func $runtime.pause (type $go)
    (global.set $PAUSE (i32.const 1))
    (global.set $SP (i32.add (global.get $SP) (i32.const 8)))
    (i32.const 1))

  ;; PC_F 0x1005: where a goroutine's function returns to. The first one to come here hands over; the second ends it all.
  (func $runtime.goexit (type $go)
    (call $log (i32.const 120))
    (if (i32.eqz (i32.load (i32.const 0x14)))
      (then
        (i32.store (i32.const 0x14) (i32.const 1))
        (global.set $g (i64.xor (global.get $g) (i64.const 1)))
        (global.set $SP (i32.wrap_i64 (i64.load (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4))))))
        (i64.store (i32.sub (global.get $SP) (i32.const 8)) (i64.load offset=8 (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4)))))
        (return (i32.const 1))))
    (global.set $PAUSE (i32.const 1))
    (i32.const 1))

  ;; A goroutine that has not run yet: its argument, the return address to goexit, and the entry of worker as its PC.
  (func $go (param $id i32) (param $top i32) (param $n i64)
    (local $save i32)
    (local.set $save (i32.add (i32.const 0x20) (i32.shl (local.get $id) (i32.const 4))))
    (i64.store offset=8 (local.get $top) (local.get $n))
    (i64.store (local.get $top) (i64.const 0x10050001))
    (i64.store (local.get $save) (i64.extend_i32_u (local.get $top)))
    (i64.store offset=8 (local.get $save) (i64.const 0x10010000)))

  (func (export "run") (param $n i32)
    (i32.store (i32.const 0x10) (i32.const 0x100))
    (i32.store (i32.const 0x14) (i32.const 0))
    (i32.store (i32.const 0x18) (i32.const 0))
    (call $go (i32.const 0) (i32.const 0x4000) (i64.extend_i32_u (local.get $n)))
    (call $go (i32.const 1) (i32.const 0x5000) (i64.extend_i32_u (local.get $n)))
    (global.set $g (i64.const 0))
    (global.set $SP (i32.const 0x4000))
    (i64.store (i32.const 0x3ff8) (i64.const 0x10010000))
    (call $wasm_pc_f_loop))

  (func (export "resume")
    (call $wasm_pc_f_loop))

  ;; What //go:wasmexport makes: worker(n) on the goroutine that is there, with a loop of its own if it unwinds. The PC
  ;; that a paused program goes on from stays where it is. Answers the length of the log.
  (func $sum (export "sum") (param $n i32) (param $quiet i32) (result i32)
    (i32.store (i32.const 0x18) (local.get $quiet))
    (global.set $SP (i32.sub (global.get $SP) (i32.const 24)))
    (i64.store (global.get $SP) (i64.extend_i32_u (local.get $n)))
    (call $push (i64.const 0x10060001))
    (if (call $worker (i32.const 0))
      (then (call $wasm_pc_f_loop_export (i32.const 0x1006))))
    (global.set $SP (i32.add (global.get $SP) (i32.const 24)))
    (i32.store (i32.const 0x18) (i32.const 0))
    (i32.sub (i32.load (i32.const 0x10)) (i32.const 0x100)))

  ;; Puts a PC that nothing stands at where the loop looks for it.
  (func (export "broken") (param $pc i64) (param $sp i32)
    (global.set $SP (local.get $sp))
    (if (local.get $sp)
      (then (i64.store (i32.sub (local.get $sp) (i32.const 8)) (local.get $pc))))
    (call $wasm_pc_f_loop))

  (func $wasm_pc_f_loop
    global.get $PAUSE
    i32.eqz
    if
      loop
        global.get $SP
        i32.const 8
        i32.sub
        i32.load16_u
        global.get $SP
        i32.const 8
        i32.sub
        i32.load offset=2 align=2
        call_indirect (type $go)
        drop
        global.get $PAUSE
        i32.eqz
        br_if 0
      end
    end
    i32.const 0
    global.set $PAUSE
    return)

  (func $wasm_pc_f_loop_export (param $stop i32)
    (local $result i32) (local $pc_f i32)
    global.get $PAUSE
    i32.eqz
    if
      i32.const 1
      local.set $result
      loop $again
        global.get $SP
        i32.const 8
        i32.sub
        i32.load offset=2 align=2
        local.tee $pc_f
        local.get $stop
        i32.eq
        if
          local.get $result
          i32.eqz
          br_if 2
        end
        global.get $SP
        i32.const 8
        i32.sub
        i32.load16_u
        local.get $pc_f
        call_indirect (type $go)
        local.set $result
        global.get $PAUSE
        i32.eqz
        br_if $again
      end
    end
    i32.const 0
    global.set $PAUSE
    return)
)
