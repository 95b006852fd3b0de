package main

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"
)

func init() {
	register("channels", "unbuffered, buffered, closed, nil and directional channels", channels)
	register("select", "default, several ready cases, sending cases, nil cases, time-out", selects)
	register("pingpong", "two goroutines hand a number to and fro [count]", pingpong)
	register("producer-consumer", "three producers, two consumers, one bounded channel", producerConsumer)
	register("pipeline", "a prime sieve with a goroutine per prime [count]", pipeline)
	register("fan", "work fanned out to goroutines and collected [goroutines]", fan)
	register("gosched", "goroutines that take turns by yielding", gosched)
}

func channels([]string) {
	unbuffered := make(chan int)
	go func() {
		for i := 0; i < 3; i++ {
			unbuffered <- i * i
		}
		close(unbuffered)
	}()
	for v := range unbuffered {
		fmt.Println("unbuffered", v)
	}
	v, ok := <-unbuffered
	fmt.Println("closed", v, ok)

	buffered := make(chan string, 3)
	buffered <- "a"
	buffered <- "b"
	fmt.Println("buffered", len(buffered), cap(buffered))
	close(buffered)
	for s := range buffered {
		fmt.Println("drained", s)
	}

	type big struct{ data [40]int }
	large := make(chan big, 1)
	go func(out chan<- big) {
		var b big
		for i := range b.data {
			b.data[i] = i
		}
		out <- b
	}(large)
	fmt.Println("large element", (<-large).data[39])

	signal := make(chan struct{})
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() { <-signal; done <- true }()
	}
	close(signal)
	for i := 0; i < 4; i++ {
		<-done
	}
	fmt.Println("four woken by close")

	reply := make(chan chan int)
	go func() { (<-reply) <- 42 }()
	back := make(chan int)
	reply <- back
	fmt.Println("channel over channel", <-back)
}

func selects([]string) {
	a, b := make(chan int, 1), make(chan int, 1)
	select {
	case v := <-a:
		fmt.Println("a", v)
	default:
		fmt.Println("nothing ready")
	}
	seen := []int{}
	a <- 1
	b <- 2
	for i := 0; i < 2; i++ {
		select {
		case v := <-a:
			seen = append(seen, v)
		case v := <-b:
			seen = append(seen, v)
		}
	}
	sort.Ints(seen)
	fmt.Println("both", seen)

	sent := 0
	for i := 0; i < 3; i++ {
		select {
		case a <- i:
			sent++
		default:
			fmt.Println("full after", sent)
		}
	}
	<-a

	var never chan int
	select {
	case <-never:
		fmt.Println("impossible")
	case <-time.After(2 * time.Millisecond):
		fmt.Println("timed out")
	}

	fromMany := make([]chan int, 5)
	for i := range fromMany {
		fromMany[i] = make(chan int)
		go func(i int) { fromMany[i] <- i * 10 }(i)
	}
	sum := 0
	for range fromMany {
		select {
		case v := <-fromMany[0]:
			sum += v
		case v := <-fromMany[1]:
			sum += v
		case v := <-fromMany[2]:
			sum += v
		case v := <-fromMany[3]:
			sum += v
		case v := <-fromMany[4]:
			sum += v
		}
	}
	fmt.Println("five-way sum", sum)

	quit := make(chan struct{})
	ticks := make(chan int)
	go func() {
		for i := 0; i < 3; i++ {
			ticks <- i
		}
		close(quit)
	}()
	for running := true; running; {
		select {
		case v := <-ticks:
			fmt.Println("tick", v)
		case <-quit:
			fmt.Println("quit")
			running = false
		}
	}
}

func pingpong(args []string) {
	count := number(args, 0, 2000)
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v + 1
		}
		close(pong)
	}()
	v := 0
	for i := 0; i < count; i++ {
		ping <- v
		v = <-pong
	}
	close(ping)
	_, open := <-pong
	fmt.Println("after", count, "rounds:", v, open)
}

func producerConsumer([]string) {
	work, results := make(chan int, 4), make(chan int)
	var producers, consumers sync.WaitGroup
	for p := 0; p < 3; p++ {
		producers.Add(1)
		go func(p int) {
			defer producers.Done()
			for i := 0; i < 20; i++ {
				work <- p*100 + i
			}
		}(p)
	}
	for c := 0; c < 2; c++ {
		consumers.Add(1)
		go func() {
			defer consumers.Done()
			for item := range work {
				results <- item * 2
			}
		}()
	}
	go func() { producers.Wait(); close(work); consumers.Wait(); close(results) }()
	n, sum := 0, 0
	for r := range results {
		n++
		sum += r
	}
	fmt.Println("items", n, "sum", sum)
}

func pipeline(args []string) {
	count := number(args, 0, 25)
	source := make(chan int)
	go func() {
		for i := 2; ; i++ {
			source <- i
		}
	}()
	primes := []int{}
	for len(primes) < count {
		prime := <-source
		primes = append(primes, prime)
		next := make(chan int)
		go filter(source, next, prime)
		source = next
	}
	fmt.Println(primes)
}

func filter(in <-chan int, out chan<- int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
}

func fan(args []string) {
	n := number(args, 0, 200)
	results := make(chan int, 8)
	for i := 0; i < n; i++ {
		go func(i int) {
			sum := 0
			for k := 0; k <= i; k++ {
				sum += k
			}
			results <- sum
		}(i)
	}
	total := 0
	for i := 0; i < n; i++ {
		total += <-results
	}
	fmt.Println("goroutines", n, "total", total)
}

func gosched([]string) {
	var turns []string
	var done sync.WaitGroup
	for _, name := range []string{"x", "y"} {
		done.Add(1)
		go func(name string) {
			defer done.Done()
			for i := 0; i < 3; i++ {
				turns = append(turns, name)
				runtime.Gosched()
			}
		}(name)
	}
	done.Wait()
	sort.Strings(turns)
	fmt.Println(turns, runtime.NumGoroutine())
}
