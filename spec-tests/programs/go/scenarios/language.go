package main

import (
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"sort"
	"strings"
	"unicode/utf8"
)

func init() {
	register("closures", "captured variables, method values, recursive closures", closures)
	register("interfaces", "dynamic dispatch, embedding, type switches", interfaces)
	register("generics", "type parameters with constraints", generics)
	register("maps", "insert, delete while ranging, struct and interface keys, growth", mapsScenario)
	register("text", "runes, invalid UTF-8, builders, conversions", text)
	register("integers", "wrap-around, shifts, division, bit counting at every width", integers)
	register("floats", "NaN, infinities, signed zero, conversions, rounding, math functions", floats)
	register("reflection", "types, values, calls, tags, DeepEqual and made functions", reflection)
}

func closures([]string) {
	counter := func() func() int { n := 0; return func() int { n++; return n } }
	a, b := counter(), counter()
	fmt.Println(a(), a(), b(), a())
	var fib func(int) int
	fib = func(n int) int {
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	fmt.Println(fib(15))
	var functions []func() int
	for i := 0; i < 4; i++ {
		i := i
		functions = append(functions, func() int { i += 10; return i })
	}
	for _, f := range functions {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println()
	method := (&strings.Builder{}).WriteString
	n, _ := method("bound")
	expression := strings.ToUpper
	fmt.Println(n, expression("expression"), (*failure).Error(&failure{"closure", 1}))
}

type shape interface {
	area() float64
	name() string
}
type named struct{ label string }

func (n named) name() string { return n.label }

type square struct {
	named
	side float64
}
type circle struct {
	*named
	radius float64
}

func (s square) area() float64  { return s.side * s.side }
func (c *circle) area() float64 { return math.Pi * c.radius * c.radius }

func interfaces([]string) {
	shapes := []shape{square{named{"square"}, 2}, &circle{&named{"circle"}, 1}}
	for _, s := range shapes {
		fmt.Printf("%s %.4f %T\n", s.name(), s.area(), s)
	}
	for _, v := range []any{1, int8(2), "three", 4.5, []int{5}, nil, shapes[0], func() {}, struct{ x, y int }{1, 2}, error(&failure{"x", 1})} {
		switch t := v.(type) {
		case nil:
			fmt.Print("nil ")
		case int, int8:
			fmt.Print("integer:", t, " ")
		case string:
			fmt.Print("string:", len(t), " ")
		case error:
			fmt.Print("error:", t, " ")
		case shape:
			fmt.Print("shape:", t.name(), " ")
		case fmt.Stringer:
			fmt.Print("stringer ")
		default:
			fmt.Printf("other:%T ", t)
		}
	}
	fmt.Println()
	fmt.Println(any(square{side: 1}) == any(square{side: 1}), any(1) == any(int8(1)))
}

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func sum[T integer](values ...T) (total T) {
	for _, v := range values {
		total += v
	}
	return total
}

type chain[T any] struct {
	value T
	next  *chain[T]
}

func (l *chain[T]) push(v T) *chain[T] { return &chain[T]{v, l} }
func (l *chain[T]) each(f func(T)) {
	for ; l != nil; l = l.next {
		f(l.value)
	}
}

func apply[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

type celsius int16

func generics([]string) {
	fmt.Println(sum(1, 2, 3), sum[uint8](200, 100), sum(celsius(-5), 3), sum[int64]())
	var l *chain[string]
	for _, s := range []string{"c", "b", "a"} {
		l = l.push(s)
	}
	l.each(func(s string) { fmt.Print(s, " ") })
	fmt.Println(apply([]float64{1.5, 2.5}, func(f float64) string { return fmt.Sprint(f * 2) }))
}

func mapsScenario([]string) {
	m := map[int]string{}
	for i := 0; i < 2000; i++ {
		m[i*7919%100003] = fmt.Sprint(i)
	}
	for k := range m {
		if k%2 == 0 {
			delete(m, k)
		}
	}
	keys := []int{}
	for k := range m {
		keys = append(keys, k)
	}
	sort.Ints(keys)
	fmt.Println(len(m), keys[:5], m[keys[0]])
	type point struct {
		x, y int
		name string
	}
	points := map[point]int{}
	points[point{1, 2, "p"}]++
	points[point{1, 2, "p"}]++
	points[point{1, 2, "q"}]++
	fmt.Println(points[point{1, 2, "p"}], len(points))
	mixed := map[any]int{1: 1, "1": 2, 1.0: 3, [2]int{1, 2}: 4, math.NaN(): 5, math.NaN(): 6}
	_, nan := mixed[math.NaN()]
	fmt.Println(len(mixed), mixed["1"], mixed[[2]int{1, 2}], nan)
	arrays := map[[3]string][]int{}
	arrays[[3]string{"a", "b", "c"}] = append(arrays[[3]string{"a", "b", "c"}], 1, 2)
	fmt.Println(arrays)
}

func text([]string) {
	s := "añ世🌍\xff\xfe!"
	for i, r := range s {
		fmt.Print(i, ":", string(r), " ")
	}
	fmt.Println(len(s), utf8.RuneCountInString(s), utf8.ValidString(s))
	fmt.Println([]rune("añ世🌍"), []byte("ñ"), string([]rune{0x1F30D, -1, 0xD800}))
	var b strings.Builder
	for i := 0; i < 300; i++ {
		b.WriteByte(byte('a' + i%26))
	}
	fmt.Println(b.Len(), strings.Count(b.String(), "xyz"), strings.LastIndex(b.String(), "abc"))
	fmt.Println(strings.Fields("  one two\tthree\n"), strings.Split("a,b,,c", ","), strings.Title("title case"))
	fmt.Println(strings.ToUpper("straße ǆ"), strings.EqualFold("ΣΑΣ", "σας"), strings.Map(func(r rune) rune {
		if r == 'l' {
			return -1
		}
		return r + 1
	}, "hello"))
	fmt.Println(strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace("<a>"), "a" < "b", "abc" < "abd", "" < "a")
}

func integers([]string) {
	var i8 int8 = 127
	var i16 int16 = -32768
	var i32 int32 = math.MaxInt32
	var i64 int64 = math.MinInt64
	var u8 uint8 = 255
	var u64 uint64 = math.MaxUint64
	minus := int64(-1)
	i8++
	i16--
	i32++
	u8++
	fmt.Println(i8, i16, i32, i64-1, u8, u64+1, i64/minus, i64%minus, -i64)
	for _, shift := range []uint{0, 1, 31, 32, 33, 63, 64, 100} {
		fmt.Print(int32(-5)>>shift, " ", uint32(0xdeadbeef)<<shift, " ", i64>>shift, " ", u64>>shift, " ", u64<<shift, " | ")
	}
	fmt.Println()
	for _, pair := range [][2]int64{{7, 2}, {-7, 2}, {7, -2}, {-7, -2}, {math.MaxInt64, 10}, {math.MinInt64, 10}} {
		fmt.Print(pair[0]/pair[1], " ", pair[0]%pair[1], " ", uint64(pair[0])/uint64(pair[1]), " ", uint64(pair[0])%uint64(pair[1]), " | ")
	}
	fmt.Println()
	high, low := bits.Mul64(u64, 0x123456789abcdef)
	quotient, remainder := bits.Div64(5, 12345, 1<<63)
	total, carry := bits.Add64(u64, 1, 1)
	fmt.Println(high, low, quotient, remainder, total, carry)
	for _, v := range []uint64{0, 1, 0x80, 0xff00ff00, 1 << 63, u64} {
		fmt.Print(bits.LeadingZeros64(v), " ", bits.TrailingZeros64(v), " ", bits.OnesCount64(v), " ", bits.Len32(uint32(v)), " ",
			bits.RotateLeft64(v, 13), " ", bits.RotateLeft32(uint32(v), -3), " ", bits.Reverse64(v), " ", bits.ReverseBytes32(uint32(v)), " | ")
	}
	fmt.Println()
	fmt.Println(int8(i64>>3+77), uint16(minus), int64(int32(u64>>1)), uint64(i32), uint8(u64>>3), 6&^3, 5^9, ^5)
}

func floats([]string) {
	zero, one := 0.0, 1.0
	nan, inf := math.NaN(), math.Inf(1)
	fmt.Println(nan == nan, nan < 1, inf > math.MaxFloat64, one/zero, -one/zero, zero/zero, math.Signbit(-1/inf), 1/math.Copysign(0, -1))
	fmt.Printf("%x %x %x\n", math.Float64bits(one), math.Float32bits(float32(one)/3), math.Float64bits(math.SmallestNonzeroFloat64))
	signalling := math.Float64frombits(0x7ff0000000000001)
	moved := []float64{signalling}[0]
	fmt.Printf("%x %x\n", math.Float64bits(moved), math.Float32bits(math.Float32frombits(0xffa00001)))
	for _, f := range []float64{0.5, -0.5, 1.5, 2.5, -2.5, 1e15 + 0.5, 123456.789} {
		fmt.Print(math.Floor(f), " ", math.Ceil(f), " ", math.Trunc(f), " ", math.Round(f), " ", math.RoundToEven(f), " ", int64(f), " ", int32(f), " ", uint8(int(f)), " | ")
	}
	fmt.Println()
	for _, f := range []float64{0, 1, 0.1, 2.5, 100, 1e10} {
		fmt.Printf("%.12g %.12g %.12g %.12g %.12g %.12g %.12g\n", math.Sqrt(f), math.Sin(f), math.Exp(-f), math.Log1p(f), math.Pow(f, 1.5), math.Atan2(f, 2), math.Hypot(f, 3))
	}
	fmt.Println(math.Min(-0.0, 0), math.Max(nan, 1), math.Mod(7.5, -2), math.Remainder(7.5, 2), math.FMA(2, 3, 4), math.Cbrt(27))
	fraction, exponent := math.Frexp(1234.5)
	whole, part := math.Modf(-3.25)
	fmt.Println(fraction, exponent, whole, part, math.Ldexp(0.75, 4), math.Gamma(5), math.Erf(0.5))
	fmt.Println(float32(0.1), float64(float32(0.1)), float32(zero+1e39), float32(zero+16777217), 1e21, 1e20, 1e-7, float32(3)/7)
	fmt.Println(uint64(float64(1<<63)), int64(float32(-1<<62)), float64(uint64(math.MaxUint64)), float32(int64(math.MaxInt64)), float64(int64(1)<<53+1))
	c := complex(3, -4)
	fmt.Println(c*c, real(c/complex(0, 2)), imag(c/complex(0, 2)), c == complex(3, -4))
}

type tagged struct {
	Name  string `json:"name" kind:"text"`
	Count int    `json:"count,omitempty"`
	inner []byte
}

func (t tagged) Describe(prefix string) string { return prefix + t.Name }
func (t *tagged) Increment(by int)             { t.Count += by }

func reflection([]string) {
	t := &tagged{Name: "n", Count: 1, inner: []byte{1}}
	kind := reflect.TypeOf(*t)
	for i := 0; i < kind.NumField(); i++ {
		f := kind.Field(i)
		fmt.Println(f.Name, f.Type, f.Tag.Get("json"), f.Offset, f.PkgPath != "")
	}
	v := reflect.ValueOf(t)
	fmt.Println(v.Type().NumMethod(), v.MethodByName("Describe").Call([]reflect.Value{reflect.ValueOf("a ")})[0])
	v.MethodByName("Increment").Call([]reflect.Value{reflect.ValueOf(41)})
	v.Elem().FieldByName("Name").SetString("changed")
	fmt.Println(t.Name, t.Count, v.Elem().Field(2).CanSet())

	adder := reflect.MakeFunc(reflect.TypeOf(func(a int, b float32, c string, d struct{ x, y int64 }) (string, int) { return "", 0 }), func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(fmt.Sprint(in[0], in[1], in[2], in[3])), reflect.ValueOf(len(in))}
	}).Interface().(func(int, float32, string, struct{ x, y int64 }) (string, int))
	fmt.Println(adder(1, 2.5, "three", struct{ x, y int64 }{4, 5}))

	m := reflect.MakeMap(reflect.MapOf(reflect.TypeOf(""), reflect.TypeOf(0)))
	m.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf(9))
	s := reflect.Append(reflect.MakeSlice(reflect.TypeOf([]int{}), 0, 1), reflect.ValueOf(1), reflect.ValueOf(2))
	fmt.Println(m.Interface(), s.Interface(), reflect.DeepEqual(m.Interface(), map[string]int{"k": 9}), reflect.DeepEqual([]int{1}, []int{2}))

	c := make(chan int, 1)
	chosen, _, _ := reflect.Select([]reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))},
		{Dir: reflect.SelectSend, Chan: reflect.ValueOf(c), Send: reflect.ValueOf(5)},
	})
	fmt.Println("selected", chosen, <-c)
	made := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeOf(int16(0))}, {Name: "B", Type: reflect.TypeOf("")}})).Elem()
	made.Field(0).SetInt(-3)
	fmt.Printf("%+v %s\n", made.Interface(), made.Type())
	defer func() { fmt.Println("recovered:", recover()) }()
	reflect.ValueOf(1).SetInt(2)
}
