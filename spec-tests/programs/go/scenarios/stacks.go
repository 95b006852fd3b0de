package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

func init() {
	register("recursion", "deep recursion with stack growth [depth]", func(args []string) {
		n := number(args, 0, 8000)
		fmt.Println("depth", n, "sum", descend(n, [8]int{}))
	})
	register("stack-growth", "many goroutines grow their stacks in turn; pointers into them stay good", stackGrowth)
	register("callers", "runtime.Callers and debug.Stack name functions and lines", callers)
	register("goroutine-dump", "runtime.Stack of all goroutines, parked in different ways", goroutineDump)
}

//go:noinline
func descend(n int, filler [8]int) int {
	filler[n&7] = n
	if n == 0 {
		return filler[0]
	}
	return descend(n-1, filler) + filler[n&7]
}

func stackGrowth([]string) {
	var done sync.WaitGroup
	results := make([]int, 10)
	for i := range results {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			local := i
			grow(200*(i+1), &local)
			results[i] = local
		}(i)
	}
	done.Wait()
	fmt.Println(results)
}

//go:noinline
func grow(n int, counter *int) {
	var here int
	if n%50 == 0 {
		runtime.Gosched()
	}
	if n > 0 {
		grow(n-1, &here)
	}
	*counter += here + 1
}

func callers([]string) { firstCaller() }

//go:noinline
func firstCaller() { secondCaller(func() { thirdCaller(2) }) }

//go:noinline
func secondCaller(f func()) { f() }

//go:noinline
func thirdCaller(n int) {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			fmt.Printf("%s %s:%d\n", frame.Function, base(frame.File), frame.Line)
		}
		if !more {
			break
		}
	}
	_, file, line, ok := runtime.Caller(0)
	fmt.Println(base(file), line, ok)
	for _, line := range strings.Split(string(debug.Stack()), "\n") {
		if strings.HasPrefix(line, "main.") {
			fmt.Println(strings.SplitN(line, "(", 2)[0])
		}
	}
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func goroutineDump([]string) {
	parked := make(chan int)
	var locked sync.Mutex
	var group sync.WaitGroup
	locked.Lock()
	group.Add(1)
	go func() { <-parked }()
	go func() { parked2(parked) }()
	go func() { locked.Lock(); group.Done() }()
	go func() { group.Wait() }()
	go func() { select {} }()
	for i := 0; i < 5; i++ {
		runtime.Gosched()
	}
	buffer := make([]byte, 1<<16)
	os.Stdout.Write(buffer[:runtime.Stack(buffer, true)])
}

//go:noinline
func parked2(c chan int) {
	select {
	case <-c:
	case <-make(chan string):
	}
}
