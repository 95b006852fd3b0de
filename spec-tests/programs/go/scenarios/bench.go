//go:build bench

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What only the benchmarks need: kernels that live off the scheduler and the collector, and a clock on every round.
func init() {
	kernels["switches"] = switchKernel
	kernels["goroutines"] = goroutineKernel
	kernels["trees"] = treeKernel
	register("rounds", "a kernel timed round by round [name] [size of a round] [seconds] [at least so many rounds]", rounds)
}

// rounds prints the checksum of a round and then the nanoseconds that each took; the first ones hold the warm-up.
func rounds(args []string) {
	name, size := word(args, 0, "fib"), number(args, 1, 1)
	run, ok := kernels[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "scenarios: no kernel %q\n", name)
		os.Exit(64)
	}
	limit, least := time.Duration(number(args, 2, 1))*time.Second, number(args, 3, 5)
	sum := uint64(0)
	times := []string{}
	for start := time.Now(); len(times) < least || time.Since(start) < limit; {
		before := time.Now()
		sum = run(size)
		times = append(times, strconv.FormatInt(time.Since(before).Nanoseconds(), 10))
	}
	fmt.Printf("%s %016x\n%s\n", name, sum, strings.Join(times, " "))
}

// switchKernel is nothing but goroutine switches: `n` of them, each one an unwinding and a resumption.
func switchKernel(n int) (sum uint64) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v + 1
		}
		close(pong)
	}()
	for i := 0; i < n/2; i++ {
		ping <- i
		sum += uint64(<-pong)
	}
	close(ping)
	<-pong
	return sum
}

// goroutineKernel: crowds of short-lived goroutines that meet on a mutex, a bounded channel and a select.
func goroutineKernel(n int) (sum uint64) {
	for round := 0; round < n; round++ {
		var group sync.WaitGroup
		var lock sync.Mutex
		work, results, stop := make(chan int, 16), make(chan int), make(chan struct{})
		total := 0
		for worker := 0; worker < 20; worker++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for v := range work {
					lock.Lock()
					total += v
					lock.Unlock()
					results <- v
				}
			}()
		}
		go func() {
			for v := 0; v < 200; v++ {
				work <- v
			}
			close(work)
			group.Wait()
			close(stop)
		}()
		for waiting := true; waiting; {
			select {
			case v := <-results:
				sum += uint64(v)
			case <-stop:
				waiting = false
			}
		}
		sum = sum*31 + uint64(total)
	}
	return sum
}

// treeKernel keeps a tree alive while it makes and drops others, with the maps and strings of an ordinary program.
func treeKernel(n int) (sum uint64) {
	kept := build(13)
	for round := 0; round < n; round++ {
		words := map[string]*tree{}
		for i := 0; i < 60; i++ {
			words[strings.Repeat("w", i)+strconv.Itoa(i)] = build(7)
		}
		for _, t := range words {
			sum += uint64(t.count())
		}
	}
	return sum + uint64(kept.count())
}
