package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

func init() {
	register("mutex", "contended mutexes, TryLock, waiting with the lock held", mutex)
	register("rwmutex", "readers and writers", rwmutex)
	register("waitgroup", "waiting for goroutines, nested and re-used", waitgroup)
	register("cond", "Signal and Broadcast", cond)
	register("once", "once only, also when it panics", once)
	register("atomic", "counters, compare-and-swap, atomic values", atomics)
	register("pool", "sync.Pool and sync.Map", pool)
	register("sleep", "sleepers wake in order of their deadlines", sleep)
	register("timers", "timers that fire, stop and reset; a ticker", timers)
	register("context", "cancellation, deadlines, values and causes", contexts)
}

func mutex([]string) {
	var lock sync.Mutex
	var done sync.WaitGroup
	counter := 0
	for i := 0; i < 10; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for k := 0; k < 20; k++ {
				lock.Lock()
				before := counter
				if k%10 == 0 {
					time.Sleep(time.Microsecond)
				}
				counter = before + 1
				lock.Unlock()
			}
		}()
	}
	done.Wait()
	fmt.Println("counter", counter)
	lock.Lock()
	fmt.Println("try while held", lock.TryLock())
	lock.Unlock()
	fmt.Println("try while free", lock.TryLock())
}

func rwmutex([]string) {
	var lock sync.RWMutex
	var done sync.WaitGroup
	values := map[int]int{}
	for w := 0; w < 3; w++ {
		done.Add(1)
		go func(w int) {
			defer done.Done()
			for i := 0; i < 10; i++ {
				lock.Lock()
				values[w*10+i] = i
				time.Sleep(time.Microsecond)
				lock.Unlock()
			}
		}(w)
	}
	var wrong int32
	for r := 0; r < 4; r++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for i := 0; i < 10; i++ {
				lock.RLock()
				for k, v := range values {
					if k%10 != v {
						atomic.AddInt32(&wrong, 1)
					}
				}
				lock.RUnlock()
				time.Sleep(time.Microsecond)
			}
		}()
	}
	done.Wait()
	fmt.Println("values", len(values), "wrong", wrong)
	lock.RLock()
	fmt.Println("second reader", lock.TryRLock(), "writer", lock.TryLock())
}

func waitgroup([]string) {
	var outer sync.WaitGroup
	var sum int64
	for round := 1; round <= 2; round++ {
		for i := 1; i <= 5; i++ {
			outer.Add(1)
			go func(i int) {
				defer outer.Done()
				var inner sync.WaitGroup
				inner.Add(i)
				for k := 0; k < i; k++ {
					go func() { atomic.AddInt64(&sum, int64(i)); inner.Done() }()
				}
				inner.Wait()
			}(i)
		}
		outer.Wait()
		fmt.Println("round", round, "sum", sum)
	}
	defer func() { fmt.Println("recovered:", recover()) }()
	outer.Done()
}

func cond([]string) {
	var lock sync.Mutex
	ready := sync.NewCond(&lock)
	queue := []int{}
	got := make(chan int)
	for i := 0; i < 3; i++ {
		go func() {
			lock.Lock()
			for len(queue) == 0 {
				ready.Wait()
			}
			v := queue[0]
			queue = queue[1:]
			lock.Unlock()
			got <- v
		}()
	}
	time.Sleep(time.Millisecond)
	lock.Lock()
	queue = append(queue, 7)
	lock.Unlock()
	ready.Signal()
	fmt.Println("signalled", <-got)
	lock.Lock()
	queue = append(queue, 8, 9)
	lock.Unlock()
	ready.Broadcast()
	rest := []int{<-got, <-got}
	sort.Ints(rest)
	fmt.Println("broadcast", rest)
}

func once([]string) {
	var first sync.Once
	var done sync.WaitGroup
	runs := 0
	for i := 0; i < 5; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			first.Do(func() { time.Sleep(time.Millisecond); runs++ })
		}()
	}
	done.Wait()
	fmt.Println("runs", runs)
	var failing sync.Once
	for i := 0; i < 2; i++ {
		func() {
			defer func() { fmt.Println("recovered:", recover()) }()
			failing.Do(func() { panic("inside Do") })
		}()
	}
}

func atomics([]string) {
	var n int64
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for k := 0; k < 50; k++ {
				for {
					old := atomic.LoadInt64(&n)
					if atomic.CompareAndSwapInt64(&n, old, old+3) {
						break
					}
				}
			}
		}()
	}
	done.Wait()
	fmt.Println(n, atomic.SwapInt64(&n, -1), atomic.AddInt64(&n, 1))
	var u atomic.Uint32
	u.Store(0)
	fmt.Println(u.Add(^uint32(0)), u.CompareAndSwap(1, 2), u.Load())
	var v atomic.Value
	v.Store([]string{"kept"})
	fmt.Println(v.Load().([]string)[0])
	defer func() { fmt.Println("recovered:", recover()) }()
	v.Store(5)
}

func pool([]string) {
	made := 0
	buffers := sync.Pool{New: func() any { made++; return make([]byte, 0, 64) }}
	for i := 0; i < 100; i++ {
		b := buffers.Get().([]byte)
		b = append(b[:0], byte(i))
		buffers.Put(b) //nolint:staticcheck // the slice header's allocation is part of the scenario
	}
	fmt.Println("made", made)
	var m sync.Map
	for i := 0; i < 50; i++ {
		m.Store(i, i*i)
	}
	for i := 0; i < 50; i += 2 {
		m.Delete(i)
	}
	v, loaded := m.LoadOrStore(7, "other")
	fmt.Println(v, loaded)
	n, sum := 0, 0
	m.Range(func(k, v any) bool { n++; sum += v.(int); return true })
	fmt.Println("entries", n, "sum", sum)
}

func sleep([]string) {
	order := make(chan int)
	for _, ms := range []int{180, 60, 120, 0} {
		go func(ms int) {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			order <- ms
		}(ms)
	}
	for i := 0; i < 4; i++ {
		fmt.Println("woke", <-order)
	}
	start := time.Now()
	time.Sleep(5 * time.Millisecond)
	fmt.Println("slept long enough", time.Since(start) >= 5*time.Millisecond)
}

func timers([]string) {
	fired := make(chan string, 8)
	time.AfterFunc(60*time.Millisecond, func() { fired <- "late" })
	time.AfterFunc(time.Millisecond, func() { fired <- "early" })
	stopped := time.AfterFunc(2*time.Millisecond, func() { fired <- "stopped" })
	fmt.Println("stop", stopped.Stop(), stopped.Stop())
	fmt.Println(<-fired, <-fired)

	t := time.NewTimer(time.Hour)
	fmt.Println("reset", t.Reset(time.Millisecond))
	<-t.C
	fmt.Println("fired, then stop", t.Stop())

	ticker := time.NewTicker(20 * time.Millisecond)
	for i := 0; i < 3; i++ {
		<-ticker.C
	}
	ticker.Stop()
	fmt.Println("three ticks")
	select {
	case <-ticker.C:
		fmt.Println("ticked after stop")
	case <-time.After(60 * time.Millisecond):
		fmt.Println("quiet")
	}
}

type contextKey struct{}

func contexts([]string) {
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey{}, "value"))
	finished := make(chan string)
	for i := 0; i < 3; i++ {
		go func(i int) {
			<-parent.Done()
			finished <- fmt.Sprint(i, " ", parent.Err(), " ", parent.Value(contextKey{}))
		}(i)
	}
	cancel()
	lines := []string{<-finished, <-finished, <-finished}
	sort.Strings(lines)
	fmt.Println(lines)

	short, cancelShort := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancelShort()
	child, cancelChild := context.WithCancel(short)
	defer cancelChild()
	<-child.Done()
	fmt.Println(child.Err(), errors.Is(child.Err(), context.DeadlineExceeded))
	_, has := child.Deadline()
	fmt.Println("deadline", has)
}
