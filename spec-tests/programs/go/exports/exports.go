//go:build go1.24

// Package exports holds what every program built with Go 1.24 or later offers to its host.
package exports

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

//go:wasmexport add
func add(a, b int32) int32 { return a + b }

//go:wasmexport nothing
func nothing() {}

//go:wasmexport mix
func mix(a int32, b int64, c float32, d float64) float64 {
	return float64(a) + float64(b) + float64(c) + d
}

//go:wasmexport wide
func wide(a uint32, b uint64, c float32, d float64, e bool, f uintptr) int64 {
	sum := int64(a) + int64(b) + int64(c) + int64(d) + int64(f)
	if e {
		sum = -sum
	}
	return sum
}

//go:wasmexport negate
func negate(b bool) bool { return !b }

//go:wasmexport half
func half(f float32) float32 { return f / 2 }

var blocks = map[unsafe.Pointer][]byte{}

// allocate gives the host a block of guest memory to write into; release gives it back.
//
//go:wasmexport allocate
func allocate(n int32) unsafe.Pointer {
	block := make([]byte, n)
	p := unsafe.Pointer(unsafe.SliceData(block))
	blocks[p] = block
	return p
}

//go:wasmexport release
func release(p unsafe.Pointer) { delete(blocks, p) }

//go:wasmexport sum_bytes
func sumBytes(p unsafe.Pointer, n int32) int32 {
	sum := int32(0)
	for _, b := range unsafe.Slice((*byte)(p), n) {
		sum += int32(b)
	}
	return sum
}

//go:wasmexport greet
func greet(name string) int32 {
	fmt.Println("Hello,", name)
	return int32(len(name))
}

//go:wasmexport fib
func fib(n int32) int32 {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

var calls int64

// count remembers between calls.
//
//go:wasmexport count
func count() int64 { calls++; return calls }

//go:wasmexport block
func block(n int32) int32 {
	questions, answers := make(chan int32), make(chan int32)
	go func() {
		for q := range questions {
			answers <- q * 2
		}
	}()
	sum := int32(0)
	for i := int32(0); i < n; i++ {
		questions <- i
		sum += <-answers
	}
	close(questions)
	return sum
}

//go:wasmexport spawn
func spawn(n int32) int32 {
	var group sync.WaitGroup
	var lock sync.Mutex
	total := int32(0)
	for i := int32(1); i <= n; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.Gosched()
			lock.Lock()
			total += i
			lock.Unlock()
		}()
	}
	group.Wait()
	return total
}

//go:wasmexport grow
func grow(depth int32) int32 { return deeper(depth, [16]int32{}) }

//go:noinline
func deeper(n int32, filler [16]int32) int32 {
	filler[n&15] = n
	if n == 0 {
		return 0
	}
	return deeper(n-1, filler) + filler[n&15]
}

//go:wasmexport sleep
func sleep(ms int32) int32 {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	return ms + 1
}

//go:wasmexport collect
func collect(n int32) int32 {
	total := 0
	for i := int32(0); i < n; i++ {
		total += len(make([]byte, 10000))
		if i%50 == 0 {
			runtime.GC()
		}
	}
	return int32(total)
}

var background = make(chan int32, 100)

// start leaves goroutines behind that go on during later calls; finish collects from them.
//
//go:wasmexport start
func start(n int32) {
	for i := int32(0); i < n; i++ {
		go func() { runtime.Gosched(); background <- i }()
	}
}

//go:wasmexport finish
func finish(n int32) int32 {
	sum := int32(0)
	for range n {
		sum += <-background
	}
	return sum
}

//go:wasmexport recovered
func recovered(n int32) (result int32) {
	defer func() {
		if r := recover(); r != nil {
			result = -n
		}
	}()
	if n > 0 {
		panic("recovered inside the export")
	}
	return n
}

//go:wasmexport panics
func panics() { panic("panic in an export") }

//go:wasmexport dereference
func dereference(p *int32) int32 { return *p }

//go:wasmexport deadlock
func deadlock() { <-make(chan int) }

//go:wasmexport leave
func leave(code int32) { os.Exit(int(code)) }
