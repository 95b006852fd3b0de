//go:build js

package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall/js"
	"time"
)

func init() {
	register("js-values", "types, conversions, truth, equality", jsValues)
	register("js-objects", "properties, indices, lengths, deletion, instanceof, construction", jsObjects)
	register("js-calls", "methods, functions, constructors; exceptions become Go errors", jsCalls)
	register("js-misuse", "ValueError panics of every kind", jsMisuse)
	register("js-callbacks", "Go functions called from JavaScript while Go waits, nested", jsCallbacks)
	register("js-async", "promises, microtasks and timers call Go functions later", jsAsync)
	register("js-blocking", "a callback that blocks on a channel; another goroutine goes on", jsBlocking)
	register("js-bytes", "typed arrays and copying bytes both ways", jsBytes)
	register("js-strings", "strings over the border: Unicode, lone surrogates, long, empty", jsStrings)
	register("js-accessors", "getters and proxies that re-enter Go and grow its stack", jsAccessors)
	register("js-references", "many references made and collected", jsReferences)
	register("js-goroutines", "goroutines and JavaScript timers together", jsGoroutines)
	register("js-exception", "an unrecovered JavaScript exception", func([]string) { function("throw new RangeError('from JavaScript')").Invoke() })
	register("js-deadlock", "waiting for a callback that never comes", func([]string) {
		f := js.FuncOf(func(js.Value, []js.Value) any { return nil })
		defer f.Release()
		fmt.Println("waiting")
		<-make(chan int)
	})
	register("js-released", "calling a released function", jsReleased)
	register("js-panic-callback", "a panic in a callback ends the program", jsPanicCallback)
	register("js-blocked-callback", "a callback that waits for an event blocks the event loop for good", jsBlockedCallback)
	register("js-exit-callback", "os.Exit inside a callback", func([]string) {
		f := js.FuncOf(func(js.Value, []js.Value) any { os.Exit(6); return nil })
		fmt.Println(function("f", "f(); return 'not returned'").Invoke(f))
	})
}

// function makes a JavaScript function from its parameters' names and its body.
func function(parts ...any) js.Value { return js.Global().Get("Function").New(parts...) }

// wrapped is a String object: Go calls methods on objects and functions only.
func wrapped(s string) js.Value { return js.Global().Get("Object").Invoke(s) }

func caught(what string, f func()) {
	defer func() {
		switch r := recover().(type) {
		case nil:
			fmt.Println(what, "ended")
		case js.Error:
			if r.Value.Type() == js.TypeObject {
				fmt.Println(what, "threw", r.Error())
			} else {
				fmt.Println(what, "threw", r.Value)
			}
		case *js.ValueError:
			fmt.Println(what, "misused", r.Method, r.Type, r.Error())
		default:
			fmt.Println(what, "panicked", r)
		}
	}()
	f()
}

func jsValues([]string) {
	values := []any{nil, true, false, 0, 1, -7, int8(-8), uint16(65535), int64(1) << 40, float32(0.5), 1.5e300, "", "text", 'x', uintptr(9),
		js.Undefined(), js.Null(), js.Global(), js.ValueOf([]any{1, "two", nil}), js.ValueOf(map[string]any{"k": []any{true}}),
		js.Global().Get("Symbol").Get("iterator"), js.Global().Get("Math").Get("max")}
	for _, v := range values {
		j := js.ValueOf(v)
		fmt.Print(j.Type(), " ", j.Truthy(), " ", j.IsNull(), " ", j.IsUndefined(), " ", j.IsNaN())
		switch j.Type() {
		case js.TypeBoolean:
			fmt.Print(" ", j.Bool())
		case js.TypeNumber:
			fmt.Print(" ", j.Int(), " ", j.Float())
		}
		fmt.Println(" ", j.String())
	}
	nan := js.Global().Get("NaN")
	fmt.Println(nan.IsNaN(), nan.Equal(nan), nan.Truthy(), js.ValueOf(0).Equal(js.ValueOf(function("return -0").Invoke())))
	fmt.Println(js.ValueOf("a").Equal(js.ValueOf("a")), js.ValueOf(1).Equal(js.ValueOf("1")), js.Global().Equal(js.Global().Get("globalThis")))
	for _, expression := range []string{"1/0", "-1/0", "0.1+0.2", "2**53", "-(2**31)", "1e-320", "NaN", "[]", "'x'", "()=>1", "new Date(0)", "null", "undefined"} {
		v := function("return " + expression).Invoke()
		fmt.Println(expression, v.Type(), v.String())
	}
	type number float32
	caught("unsupported type", func() { js.ValueOf(struct{}{}) })
	fmt.Println(js.ValueOf(js.ValueOf(3)).Int(), js.Value{}.IsUndefined(), js.Type(9) == 9, number(1))
}

func jsObjects([]string) {
	object := js.Global().Get("Object").New()
	object.Set("name", "value")
	object.Set("nested", map[string]any{"list": []any{1, 2.5, "three", nil}})
	object.Set("ünïcode key", 7)
	fmt.Println(js.Global().Get("JSON").Call("stringify", object).String())
	fmt.Println(object.Get("nested").Get("list").Index(2), object.Get("absent").IsUndefined(), object.Get("nested").Get("list").Length())
	object.Delete("nested")
	fmt.Println(js.Global().Get("Object").Call("keys", object).Length())
	array := js.Global().Get("Array").New(3)
	for i := 0; i < 5; i++ {
		array.SetIndex(i, i*i)
	}
	fmt.Println(array.Length(), array.Call("join", "-").String(), array.Index(9).IsUndefined(), wrapped("string").Length())
	constructors := []string{"Object", "Array", "Function", "Error", "Map"}
	subjects := []js.Value{object, array, function(""), js.Global().Get("RangeError").New("x"), js.Global().Get("Map").New()}
	for _, s := range subjects {
		for _, c := range constructors {
			fmt.Print(s.InstanceOf(js.Global().Get(c)), " ")
		}
	}
	fmt.Println()
	m := js.Global().Get("Map").New()
	m.Call("set", object, "by identity")
	m.Call("set", js.Null(), js.Undefined())
	fmt.Println(m.Get("size"), m.Call("get", object), m.Call("has", js.Null()))
	date := js.Global().Get("Date").New(86400000)
	fmt.Println(date.Call("toISOString").String(), date.Call("getTime").Int())
	made := function("this.sum = Array.from(arguments).reduce((a, b) => a + b, 0)").New(1, 2, 3.5)
	fmt.Println(made.Get("sum").Float(), made.Get("constructor").Type())
	math := js.Global().Get("Math")
	fmt.Println(math.Call("max", 1, 9, 3), math.Get("PI").Float(), math.Call("sign", -3).Int())
}

func jsCalls([]string) {
	fmt.Println(wrapped("a-b-c").Call("split", "-").Call("reverse").Call("join", "+"))
	fmt.Println(function("a", "b", "return typeof a + typeof b + arguments.length").Invoke("x", nil, 3, true))
	caught("throw an error", func() { function("throw new TypeError('wrong')").Invoke() })
	caught("throw a string", func() { function("throw 'plain'").Invoke() })
	caught("throw undefined", func() { function("throw undefined").Invoke() })
	caught("throw from a method", func() { js.Global().Get("Object").Call("defineProperty", 1, "x") })
	caught("throw from a constructor", func() { js.Global().Get("Array").New(-1) })
	caught("call a missing method", func() { js.Global().Get("Object").New().Call("absent") })
	caught("construct an arrow function", func() { function("return () => 1").Invoke().New() })
	caught("symbol", func() { fmt.Println(js.Global().Get("Symbol").Invoke("described").Type()) })
	func() {
		defer func() {
			e := recover().(js.Error)
			fmt.Println(e.Get("name"), e.Get("message"), e.Value.InstanceOf(js.Global().Get("Error")), e.Get("extra").Int())
		}()
		function("throw Object.assign(new SyntaxError('details'), {extra: 5})").Invoke()
	}()
}

func jsMisuse([]string) {
	for _, v := range []js.Value{js.Undefined(), js.Null(), js.ValueOf(1), js.ValueOf("s"), js.ValueOf(true)} {
		v := v
		caught("get", func() { v.Get("p") })
		caught("set", func() { v.Set("p", 1) })
		caught("delete", func() { v.Delete("p") })
		caught("index", func() { v.Index(0) })
		caught("setIndex", func() { v.SetIndex(0, 1) })
		caught("length", func() { v.Length() })
		caught("call", func() { v.Call("m") })
		caught("invoke", func() { v.Invoke() })
		caught("new", func() { v.New() })
		caught("int", func() { v.Int() })
		caught("float", func() { v.Float() })
		caught("bool", func() { v.Bool() })
	}
}

func jsCallbacks([]string) {
	double := js.FuncOf(func(this js.Value, args []js.Value) any { return args[0].Int() * 2 })
	defer double.Release()
	fmt.Println(js.ValueOf([]any{1, 2, 3}).Call("map", double).Call("join", ","))
	describe := js.FuncOf(func(this js.Value, args []js.Value) any {
		kinds := []string{this.Type().String()}
		for _, a := range args {
			kinds = append(kinds, a.Type().String())
		}
		return strings.Join(kinds, " ")
	})
	defer describe.Release()
	fmt.Println(function("f", "return f.call({}, 1, null, undefined, 'x', Symbol.iterator, f)").Invoke(describe))
	fmt.Println(function("f", "return f()").Invoke(describe))
	results := []any{nil, true, 1.5, "text", []any{1, "a"}, map[string]any{"k": nil}, js.Global()}
	for _, r := range results {
		r := r
		f := js.FuncOf(func(js.Value, []js.Value) any { return r })
		fmt.Println(function("f", "const r = f(); return typeof r + (r === null) + (Array.isArray(r) ? r.length : '')").Invoke(f))
		f.Release()
	}

	var nest js.Func
	depth := 0
	nest = js.FuncOf(func(this js.Value, args []js.Value) any {
		depth++
		n := args[0].Int()
		if n == 0 {
			return 0
		}
		return args[1].Invoke(n-1, args[1]).Int() + n
	})
	defer nest.Release()
	fmt.Println("nested", nest.Invoke(10, nest), depth)
	between := function("f", "n", "return n === 0 ? 'bottom' : f(n - 1)")
	var through js.Func
	through = js.FuncOf(func(this js.Value, args []js.Value) any { return between.Invoke(through, args[0]) })
	defer through.Release()
	fmt.Println(between.Invoke(through, 8))

	thrower := js.FuncOf(func(js.Value, []js.Value) any {
		defer func() { recover() }()
		function("throw new Error('inside')").Invoke()
		return "unreachable"
	})
	defer thrower.Release()
	fmt.Println(function("f", "return String(f())").Invoke(thrower))
	sorted := js.ValueOf([]any{5, 3, 9, 1})
	compare := js.FuncOf(func(_ js.Value, args []js.Value) any { return args[0].Int() - args[1].Int() })
	defer compare.Release()
	fmt.Println(sorted.Call("sort", compare).Call("join", " "))
}

func jsAsync([]string) {
	order := make(chan string, 16)
	record := func(name string) js.Func {
		var f js.Func
		f = js.FuncOf(func(_ js.Value, args []js.Value) any {
			line := name
			for _, a := range args {
				line += " " + a.String()
			}
			order <- line
			f.Release()
			return nil
		})
		return f
	}
	global := js.Global()
	global.Call("setTimeout", record("timeout 60"), 60)
	global.Call("setTimeout", record("timeout 0"), 0, "with", "arguments")
	global.Get("Promise").Call("resolve", 5).Call("then", record("resolved"))
	global.Get("Promise").Call("reject", js.Global().Get("Error").New("no")).Call("catch", record("rejected"))
	global.Call("queueMicrotask", record("microtask"))
	fmt.Println("scheduled")
	for i := 0; i < 5; i++ {
		fmt.Println(<-order)
	}
	cancelled := global.Call("setTimeout", record("never"), 1)
	global.Call("clearTimeout", cancelled)
	ticks := 0
	stop := make(chan struct{})
	var interval js.Value
	tick := js.FuncOf(func(js.Value, []js.Value) any {
		if ticks++; ticks == 3 {
			js.Global().Call("clearInterval", interval)
			close(stop)
		}
		return nil
	})
	interval = global.Call("setInterval", tick, 1)
	<-stop
	tick.Release()
	fmt.Println("ticks", ticks)
	fmt.Println(await(function("return new Promise((resolve, reject) => setTimeout(() => reject(new TypeError('later')), 1))").Invoke()))
	fmt.Println(await(function("return Promise.all([1, Promise.resolve(2), new Promise(r => setTimeout(r, 2, 3))]).then(a => a.join())").Invoke()))
}

func await(promise js.Value) string {
	settled := make(chan string, 1)
	then := js.FuncOf(func(_ js.Value, args []js.Value) any { settled <- "resolved " + args[0].String(); return nil })
	catch := js.FuncOf(func(_ js.Value, args []js.Value) any { settled <- "rejected " + args[0].Get("message").String(); return nil })
	defer then.Release()
	defer catch.Release()
	promise.Call("then", then, catch)
	return <-settled
}

func jsBlocking([]string) {
	requests, replies := make(chan int), make(chan int)
	go func() {
		for r := range requests {
			runtime.Gosched()
			replies <- r * r
		}
	}()
	ask := js.FuncOf(func(_ js.Value, args []js.Value) any {
		requests <- args[0].Int()
		return <-replies
	})
	defer ask.Release()
	fmt.Println(ask.Invoke(7), js.ValueOf([]any{2, 3, 4}).Call("map", ask).Call("join", " "))
	var group sync.WaitGroup
	results := make([]int, 5)
	for i := range results {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			results[i] = function("f", "x", "return f(x) + 1").Invoke(ask, i).Int()
		}(i)
	}
	group.Wait()
	close(requests)
	fmt.Println(results)
}

func jsBytes([]string) {
	data := []byte("some bytes over the border")
	array := js.Global().Get("Uint8Array").New(10)
	fmt.Println(js.CopyBytesToJS(array, data), array.Call("join", " "))
	back := make([]byte, 40)
	fmt.Println(js.CopyBytesToGo(back, array), string(back[:10]))
	clamped := js.Global().Get("Uint8ClampedArray").New(3)
	clamped.SetIndex(0, 300)
	fmt.Println(js.CopyBytesToJS(clamped, data[:2]), js.CopyBytesToGo(back[:3], clamped), back[:3])
	view := array.Call("subarray", 5, 8)
	js.CopyBytesToJS(view, []byte{1, 2, 3, 4})
	fmt.Println(array.Call("join", " "), js.CopyBytesToGo(nil, array), js.CopyBytesToJS(array, nil))
	caught("to a plain array", func() { js.CopyBytesToJS(js.ValueOf([]any{1}), data) })
	caught("from another typed array", func() { js.CopyBytesToGo(back, js.Global().Get("Float32Array").New(2)) })
	floats := js.Global().Get("Float64Array").Call("of", 1.5, -0.25, 1e300)
	fmt.Println(floats.Length(), floats.Index(1).Float(), floats.Get("byteLength"))
	buffer := floats.Get("buffer")
	bytes := js.Global().Get("Uint8Array").New(buffer, 0, 8)
	eight := make([]byte, 8)
	js.CopyBytesToGo(eight, bytes)
	fmt.Printf("%x\n", eight)
	big := make([]byte, 1<<18)
	for i := range big {
		big[i] = byte(i * 13)
	}
	target := js.Global().Get("Uint8Array").New(len(big))
	js.CopyBytesToJS(target, big)
	fmt.Println(target.Call("reduce", function("a", "b", "return (a * 31 + b) | 0"), 0))
}

func jsStrings([]string) {
	for _, s := range []string{"", "plain", "añ世🌍", "with\x00nul", "bad \xff utf-8", strings.Repeat("é", 5000)} {
		v := js.ValueOf(s)
		back := v.String()
		fmt.Println(wrapped(s).Length(), len(back), back == s, wrapped(s).Call("codePointAt", 0))
	}
	lone := function(`return "\ud800" + "x" + "\udc00"`).Invoke()
	fmt.Println(function("s", "return s.length").Invoke(lone), []byte(lone.String()))
	fmt.Println(js.ValueOf("text").Equal(function("return 'te' + 'xt'").Invoke()), js.Global().Get("String").Invoke(1.25))
	encoded := js.Global().Get("TextEncoder").New().Call("encode", "é🌍")
	fmt.Println(encoded.Length(), js.Global().Get("TextDecoder").New().Call("decode", encoded))
}

func jsAccessors([]string) {
	calls := 0
	getter := js.FuncOf(func(this js.Value, _ []js.Value) any {
		calls++
		return descend(300*calls, [8]int{})
	})
	defer getter.Release()
	object := function("get", "return Object.defineProperty({}, 'p', {get})").Invoke(getter)
	fmt.Println(object.Get("p"), object.Get("p"), calls)
	proxy := function("get", "return new Proxy({}, {get: (target, key) => typeof key === 'string' ? key + get() : undefined})").Invoke(getter)
	fmt.Println(proxy.Get("key"), calls)
	fmt.Println(function("get", "return get() + get()").Invoke(getter), function("get", "this.made = get()").New(getter).Get("made"))
	var last js.Value
	setter := js.FuncOf(func(_ js.Value, args []js.Value) any { last = args[0]; return descend(200, [8]int{}) })
	defer setter.Release()
	function("set", "return Object.defineProperty({}, 'p', {set})").Invoke(setter).Set("p", 5)
	fmt.Println("set to", last)
}

func jsReferences([]string) {
	sum := 0
	for i := 0; i < 4000; i++ {
		object := js.Global().Get("Object").New()
		object.Set("i", i)
		object.Set("s", fmt.Sprint("string ", i))
		sum += object.Get("i").Int() + len(object.Get("s").String())
		if i%1000 == 999 {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}
	functions := make([]js.Func, 50)
	for i := range functions {
		i := i
		functions[i] = js.FuncOf(func(js.Value, []js.Value) any { return i })
	}
	for i := range functions {
		sum += functions[i].Invoke().Int()
		functions[i].Release()
	}
	fmt.Println("sum", sum)
}

func jsGoroutines([]string) {
	var group sync.WaitGroup
	var lock sync.Mutex
	lines := []string{}
	for i := 0; i < 6; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			if i%2 == 0 {
				time.Sleep(time.Duration(i) * time.Millisecond)
			} else {
				await(function("ms", "return new Promise(r => setTimeout(r, ms))").Invoke(i))
			}
			lock.Lock()
			lines = append(lines, fmt.Sprint("waiter ", i))
			lock.Unlock()
		}(i)
	}
	group.Wait()
	sort.Strings(lines)
	fmt.Println(lines)
}

func jsReleased([]string) {
	f := js.FuncOf(func(js.Value, []js.Value) any { return 1 })
	wrapper := f.Value
	fmt.Println(wrapper.Invoke())
	f.Release()
	fmt.Println(wrapper.Invoke().IsUndefined())
}

func jsPanicCallback([]string) {
	f := js.FuncOf(func(js.Value, []js.Value) any { panic("panic in a callback") })
	js.Global().Call("setTimeout", f, 1)
	select {}
}

func jsBlockedCallback([]string) {
	// Printing waits for the callback of fs.write, which cannot come while this one runs.
	f := js.FuncOf(func(js.Value, []js.Value) any { fmt.Println("printed"); return nil })
	js.Global().Call("setTimeout", f, 1)
	select {}
}
