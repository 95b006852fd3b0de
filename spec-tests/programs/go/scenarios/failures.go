package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

func init() {
	register("defer", "order of deferred calls, arguments, changed results, loops", deferred)
	register("recover", "panics of every kind, recovered", recovered)
	register("goexit", "a goroutine ends by Goexit, its deferred calls run", goexit)
	register("exit", "os.Exit [code]", func(args []string) {
		defer fmt.Println("deferred calls do not run")
		fmt.Println("leaving")
		os.Exit(number(args, 0, 3))
	})
	register("exit-goroutine", "os.Exit from another goroutine", func([]string) {
		go func() { fmt.Println("leaving"); os.Exit(4) }()
		select {}
	})
	register("panic", "an unrecovered panic in nested calls", func([]string) { outermost(3) })
	register("panic-error", "an unrecovered panic with an error value", func([]string) { panic(&failure{"disk", 7}) })
	register("panic-again", "a panic while panicking", func([]string) {
		defer func() { panic("second") }()
		panic("first")
	})
	register("panic-repanic", "recovered and raised again", func([]string) {
		defer func() { panic(fmt.Sprint("again: ", recover())) }()
		panic("first")
	})
	register("panic-goroutine", "an unrecovered panic in a goroutine", func([]string) {
		go func() { panic("in a goroutine") }()
		time.Sleep(time.Hour)
	})
	register("nil-dereference", "an unrecovered nil dereference", func([]string) { fmt.Println(second(nil)) })
	register("nil-map", "writing to a nil map", func([]string) { var m map[string]int; m["a"] = 1 })
	register("index", "an index out of range", func(args []string) { fmt.Println([]int{1, 2, 3}[number(args, 0, 5)]) })
	register("divide", "an integer division by zero", func(args []string) { fmt.Println(1 / number(args, 0, 0)) })
	register("assertion", "a failed type assertion", func([]string) { var v any = "text"; fmt.Println(v.(int)) })
	register("close-twice", "closing a closed channel", func([]string) { c := make(chan int); close(c); close(c) })
	register("unlock", "a fatal error: unlock of an unlocked mutex", func([]string) { var m sync.Mutex; m.Unlock() })
	register("stack-overflow", "a goroutine's stack exceeds its limit", func([]string) {
		debug.SetMaxStack(1 << 18)
		fmt.Println(endless(1))
	})
	register("deadlock", "all goroutines are asleep", deadlock)
	register("deadlock-goexit", "main has gone, the others sleep", func([]string) {
		go func() { <-make(chan int) }()
		runtime.Goexit()
	})
	register("deadlock-mutex", "two goroutines lock in opposite order", deadlockMutex)
	register("deadlock-select", "an empty select", func([]string) { fmt.Println("waiting"); select {} })
	register("lost-wakeup", "a signal sent before anybody listens", lostWakeup)
}

type failure struct {
	what string
	code int
}

func (f *failure) Error() string { return fmt.Sprintf("%s failed with %d", f.what, f.code) }

type pair struct{ first, second int }

//go:noinline
func second(p *pair) int { return p.second }

//go:noinline
func outermost(n int) { middle(n, "text") }

//go:noinline
func middle(n int, text string) {
	defer fmt.Println("deferred in middle", text)
	innermost(n)
}

//go:noinline
func innermost(n int) {
	if n > 0 {
		panic("innermost gave up")
	}
}

//go:noinline
func endless(n int) int { return endless(n+1) + 1 }

func deferred([]string) {
	for i := 0; i < 3; i++ {
		defer fmt.Println("loop", i)
	}
	x := 1
	defer fmt.Println("argument", x)
	defer func() { fmt.Println("captured", x) }()
	x = 2
	fmt.Println("changed", changed())
	func() {
		defer func() {
			defer func() { fmt.Println("inner recovered", recover()) }()
			panic("from a deferred call")
		}()
	}()
}

func changed() (result int) {
	defer func() { result *= 10 }()
	return 4
}

func attempt(name string, f func()) {
	defer func() {
		r := recover()
		if e, ok := r.(runtime.Error); ok {
			fmt.Printf("%s: runtime error: %s\n", name, strings.TrimPrefix(e.Error(), "runtime error: "))
		} else {
			fmt.Printf("%s: %T %v\n", name, r, r)
		}
	}()
	f()
	fmt.Println(name, "ended")
}

func recovered([]string) {
	zero, five := 0, 5
	attempt("string", func() { panic("text") })
	attempt("error", func() { panic(&failure{"disk", 1}) })
	attempt("none", func() {})
	attempt("nil", func() { fmt.Println(second(nil)) })
	attempt("index", func() { fmt.Println([]int{1}[five]) })
	attempt("slice", func() { fmt.Println([]int{1}[five:]) })
	attempt("string index", func() { fmt.Println("abc"[five]) })
	attempt("divide", func() { fmt.Println(1 / zero) })
	attempt("nil map", func() { var m map[int]int; m[1] = 1 })
	attempt("nil function", func() { var f func(); f() })
	attempt("assertion", func() { var v any = 1.5; fmt.Println(v.(string)) })
	attempt("interface assertion", func() { var v any = 1.5; fmt.Println(v.(fmt.Stringer)) })
	attempt("negative make", func() { fmt.Println(len(make([]int, zero-1))) })
	attempt("send on closed", func() { c := make(chan int); close(c); c <- 1 })
	attempt("close nil", func() { var c chan int; close(c) })
	attempt("unhashable", func() { m := map[any]int{}; m[[]int{1}] = 2 })
	attempt("array conversion", func() { fmt.Println(*(*[4]int)([]int{1})) })
	attempt("wrapped", func() {
		defer func() {
			if r := recover(); r != nil {
				panic(fmt.Errorf("wrapped: %w", r.(error)))
			}
		}()
		panic(errors.New("inner"))
	})
	depth := 0
	attempt("through many frames", func() { unwindThrough(&depth, 100) })
	fmt.Println("deferred calls run", depth)
}

func unwindThrough(count *int, n int) {
	defer func() { *count++ }()
	if n == 0 {
		panic("at the bottom")
	}
	unwindThrough(count, n-1)
}

func goexit([]string) {
	done := make(chan string, 4)
	go func() {
		defer close(done)
		defer func() { done <- fmt.Sprint("recover gives ", recover()) }()
		func() {
			defer func() { done <- "inner deferred" }()
			runtime.Goexit()
		}()
		done <- "never"
	}()
	for line := range done {
		fmt.Println(line)
	}
	done = make(chan string, 4)
	go func() {
		defer close(done)
		defer func() { recover(); done <- "panic after Goexit recovered" }()
		defer func() { panic("while exiting") }()
		runtime.Goexit()
	}()
	for line := range done {
		fmt.Println(line)
	}
}

func deadlock([]string) {
	fmt.Println("before the deadlock")
	c := make(chan int)
	go receiver(c, make(chan string))
	var group sync.WaitGroup
	group.Add(1)
	go func() { defer group.Done(); c <- 1; c <- 2 }()
	group.Wait()
}

//go:noinline
func receiver(c chan int, never chan string) {
	<-c
	<-never
}

func deadlockMutex([]string) {
	var left, right sync.Mutex
	var both, holding sync.WaitGroup
	both.Add(2)
	holding.Add(2)
	grab := func(first, then *sync.Mutex) {
		defer both.Done()
		first.Lock()
		defer first.Unlock()
		holding.Done()
		holding.Wait()
		then.Lock()
		defer then.Unlock()
	}
	go grab(&left, &right)
	go grab(&right, &left)
	both.Wait()
}

// mailbox has a mistake: take looks, lets go, and only then waits; a put in between signals nobody.
type mailbox struct {
	lock  sync.Mutex
	items []string
	wake  chan struct{}
}

func (m *mailbox) put(item string) {
	m.lock.Lock()
	m.items = append(m.items, item)
	m.lock.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() string {
	for {
		m.lock.Lock()
		if len(m.items) > 0 {
			item := m.items[0]
			m.items = m.items[1:]
			m.lock.Unlock()
			return item
		}
		m.lock.Unlock()
		runtime.Gosched()
		<-m.wake
	}
}

func lostWakeup([]string) {
	box := &mailbox{wake: make(chan struct{})}
	taken := make(chan string)
	go func() { taken <- box.take() }()
	runtime.Gosched()
	box.put("letter")
	fmt.Println("put")
	fmt.Println("taken", <-taken)
}
