;; A model of how Go programs run on WebAssembly, in the layout of Go 1.11: functions take no argument, and PC_F and PC_B
;; are globals, which every call sets for what it calls and every return sets back from the word that it pops. Two "goroutines" take turns. Each works on its own stack in memory; whoever switches stores where it is,
;; loads where the other one was, and returns 1 through all its callers, so that only the loop is left on the wasm stack.
;;
;; Memory:  0x10  end of the log             0x14  has a goroutine ended?
;;          0x20 + 16 i  saved SP and PC of goroutine i
;;          0x100 the log                    0x4000, 0x5000  tops of the two stacks
(module
  (type $go (func (result i32)))
  (memory (export "mem") 1)

  (global $PC_F (mut i32) (i32.const 0))
  (global $PC_B (mut i32) (i32.const 0))
  (global $SP (mut i32) (i32.const 0))
  (global $CTXT (mut i64) (i64.const 0))
  (global $g (mut i64) (i64.const 0))
  (global $RET0 (mut i64) (i64.const 0))
  (global $RET1 (mut i64) (i64.const 0))
  (global $RET2 (mut i64) (i64.const 0))
  (global $RET3 (mut i64) (i64.const 0))
  (global $PAUSE (mut i32) (i32.const 0))

  (table 0x1008 funcref)
  (elem (i32.const 0x1000) func $none $worker $step $switch $runtime.pause $runtime.goexit $push)

  (func $none (type $go)
    i32.const 0)

  (func $log (param $char i32)
    (i32.store8 (i32.load (i32.const 0x10)) (local.get $char))
    (i32.store (i32.const 0x10) (i32.add (i32.load (i32.const 0x10)) (i32.const 1))))

  ;; Pushes the return address, a PC of this module, and sets the PC to the entry of what is called.
  (func $push (param $pc i64) (param $pc_f i32)
    (global.set $SP (i32.sub (global.get $SP) (i32.const 8)))
    (i64.store (global.get $SP) (local.get $pc))
    (global.set $PC_F (local.get $pc_f))
    (global.set $PC_B (i32.const 0)))

  ;; Pops a return address into the PC.
  (func $pop
    (global.set $PC_B (i32.load16_u (global.get $SP)))
    (global.set $PC_F (i32.load16_u offset=2 (global.get $SP)))
    (global.set $SP (i32.add (global.get $SP) (i32.const 8))))

  ;; PC_F 0x1001: func worker(n): logs its letter and switches, n times; a frame of 8 bytes holds what is left of n.
  (func $worker (type $go)
    (block $unwind
      (loop $dispatch
        (block $2
          (block $1
            (block $0
              (br_table $0 $1 $2 (global.get $PC_B)))
            ;; PC_B 0: allocate the frame, n = argument
            (global.set $SP (i32.sub (global.get $SP) (i32.const 8)))
            (i64.store (global.get $SP) (i64.load offset=16 (global.get $SP))))
          ;; PC_B 1: the loop over n, where one comes back to after each step
          (if (i64.eqz (i64.load (global.get $SP)))
            (then
              (global.set $SP (i32.add (global.get $SP) (i32.const 8)))
              (call $pop)
              (return (i32.const 0))))
          (i64.store (global.get $SP) (i64.sub (i64.load (global.get $SP)) (i64.const 1)))
          (call $push (i64.const 0x10010002) (i32.const 0x1002))
          (br_if $unwind (call $step)))
        ;; PC_B 2: after the call
        (global.set $PC_B (i32.const 1))
        (br $dispatch))
      (unreachable))
    (i32.const 1))

  ;; PC_F 0x1002: func step(): logs and switches; goroutine 1 then pauses the program.
  (func $step (type $go)
    (block $unwind
      (block $2
        (block $1
          (block $0
            (br_table $0 $1 $2 (global.get $PC_B)))
          ;; PC_B 0
          (call $log (i32.add (i32.const 97) (i32.wrap_i64 (global.get $g))))
          (call $push (i64.const 0x10020001) (i32.const 0x1003))
          (br_if $unwind (call $switch)))
        ;; PC_B 1: we have the processor again
        (call $log (i32.add (i32.const 65) (i32.wrap_i64 (global.get $g))))
        (if (i64.eqz (global.get $g))
          (then
            (call $pop)
            (return (i32.const 0))))
        (call $push (i64.const 0x10020002) (i32.const 0x1004))
        (br_if $unwind (call $runtime.pause)))
      ;; PC_B 2: after the pause
      (call $log (i32.const 46))
      (call $pop)
      (return (i32.const 0)))
    (i32.const 1))

  ;; Sets SP and PC to those of goroutine g.
  (func $load
    (local $saved i32)
    (local.set $saved (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4))))
    (global.set $SP (i32.wrap_i64 (i64.load (local.get $saved))))
    (global.set $PC_B (i32.load16_u offset=8 (local.get $saved)))
    (global.set $PC_F (i32.load16_u offset=10 (local.get $saved))))

  ;; PC_F 0x1003: saves the caller's SP and PC, loads those of the other goroutine, unwinds.
  (func $switch (type $go)
    (local $mine i32)
    (local.set $mine (i32.add (i32.const 0x20) (i32.shl (i32.wrap_i64 (global.get $g)) (i32.const 4))))
    (global.set $g (i64.xor (global.get $g) (i64.const 1)))
    (i64.store (local.get $mine) (i64.extend_i32_u (i32.add (global.get $SP) (i32.const 8))))
    (i64.store offset=8 (local.get $mine) (i64.load (global.get $SP)))
    (call $load)
    (i32.const 1))

  ;; PC_F 0x1004: leaves the loop; the PC to go on from is the caller's.
  (func $runtime.pause (type $go)
    (global.set $PAUSE (i32.const 1))
    (call $pop)
    (i32.const 1))

  ;; PC_F 0x1005: where a goroutine's function returns to. The first one to come here hands over; the second ends it all.
  (func $runtime.goexit (type $go)
    (call $log (i32.const 120))
    (if (i32.eqz (i32.load (i32.const 0x14)))
      (then
        (i32.store (i32.const 0x14) (i32.const 1))
        (global.set $g (i64.xor (global.get $g) (i64.const 1)))
        (call $load)
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
    (call $go (i32.const 0) (i32.const 0x4000) (i64.extend_i32_u (local.get $n)))
    (call $go (i32.const 1) (i32.const 0x5000) (i64.extend_i32_u (local.get $n)))
    (global.set $g (i64.const 0))
    (call $load)
    (call $wasm_pc_f_loop))

  (func (export "resume")
    (call $wasm_pc_f_loop))

  ;; Calls what is nothing.
  (func (export "broken") (param $pc_f i32)
    (global.set $PC_F (local.get $pc_f))
    (call $wasm_pc_f_loop))

  ;; Unlike its successors it does not look at PAUSE before the first call.
  (func $wasm_pc_f_loop
    loop
      global.get $PC_F
      call_indirect (type $go)
      drop
      global.get $PAUSE
      i32.eqz
      br_if 0
    end
    i32.const 0
    global.set $PAUSE
    return)
)
