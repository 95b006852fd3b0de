package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"container/heap"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"sort"
	"strconv"
	"strings"
	"time"
)

func init() {
	register("fmt", "verbs, widths, flags, scanning", formats)
	register("json", "encoding, decoding, streams, errors", jsonScenario)
	register("sort", "sorting integers, strings, structs, stable; a heap", sorting)
	register("sha256", "digests, CRC, base64, hex, binary", digests)
	register("gzip", "compress and decompress", gzipScenario)
	register("time-format", "calendar arithmetic and formatting in UTC", timeFormat)
	register("random", "a seeded generator", func([]string) {
		r := rand.New(rand.NewSource(42))
		fmt.Println(r.Intn(1000), r.Intn(1000), r.Float64(), r.Perm(6), r.Int63())
	})
}

func formats([]string) {
	v := struct {
		A int
		B string
		C []byte
		D map[string]int
		E *int
		F any
	}{1, "two", []byte("three"), map[string]int{"b": 2, "a": 1}, nil, 4.5}
	fmt.Printf("%v\n%+v\n%#v\n%T\n", v, v, v, v)
	fmt.Printf("%d|%5d|%-5d|%05d|%+d|%x|%X|%#x|%o|%b|%c|%q|%U\n", 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 'x', 'x', 0x1F30D)
	fmt.Printf("%f|%8.3f|%-8.2f|%e|%g|%G|%08.3f|%+.1f\n", 3.14159, 3.14159, 3.14159, 31415.9, 1e-9, 1e21, -3.14159, 2.0)
	fmt.Printf("%s|%10s|%-10s|%.2s|%q|%x|% x|%#q\n", "text", "text", "text", "text", "te\"xt\n", "text", "text", "back")
	fmt.Printf("%t|%v|%p|%5t|%*d|%[2]d %[1]d\n", true, nil, nil, false, 6, 7)
	fmt.Printf("%d %s %!|%z\n", "wrong", 5, 6)
	fmt.Println(fmt.Errorf("outer: %w", &failure{"inner", 2}), errors.Unwrap(fmt.Errorf("outer: %w", io.EOF)) == io.EOF)
	var n int
	var word string
	var f float64
	count, err := fmt.Sscanf("17 words 2.5", "%d %s %g", &n, &word, &f)
	fmt.Println(count, err, n, word, f)
	fmt.Println(strconv.Quote("\x00\u00e9\U0001F30D"), strconv.FormatFloat(1.0/3, 'g', -1, 32), strconv.FormatInt(-255, 36))
	_, err = strconv.ParseInt("9223372036854775808", 10, 64)
	fmt.Println(err)
	_, err = strconv.Atoi("x1")
	fmt.Println(err)
	g, _ := strconv.ParseFloat("1.7976931348623157e308", 64)
	fmt.Println(g, strconv.IsPrint('\u00ad'))
}

type record struct {
	ID       int               `json:"id"`
	Name     string            `json:"name"`
	Tags     []string          `json:"tags,omitempty"`
	Nested   *record           `json:"nested,omitempty"`
	Values   map[string]any    `json:"values,omitempty"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Ratio    float64           `json:"ratio"`
	Ignored  int               `json:"-"`
	When     time.Time         `json:"when"`
	embedded int
}

func jsonScenario([]string) {
	r := record{ID: 1, Name: "a <b> \"c\" \u2028", Tags: []string{"x", "y"}, Ratio: 0.1, Nested: &record{ID: 2},
		Values: map[string]any{"n": nil, "list": []any{1, "2", true}}, Raw: json.RawMessage(`{"k":[1, 2]}`), When: time.Unix(1e9, 5).UTC()}
	out, err := json.MarshalIndent(r, "", "  ")
	check(err)
	fmt.Println(string(out))
	var back record
	check(json.Unmarshal(out, &back))
	fmt.Println(back.Name == r.Name, back.Nested.ID, back.Values["list"], back.When.Equal(r.When))
	var anything any
	check(json.Unmarshal([]byte(`{"a":[1,2.5,-3e2,{"b":null}],"\u0041":"\ud83c\udf0d"}`), &anything))
	fmt.Println(anything)
	for _, bad := range []string{`{`, `{"a":}`, `[1,2`, `{"id":"text"}`, `nul`, `"\x"`} {
		var v record
		err := json.Unmarshal([]byte(bad), &v)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			fmt.Println("syntax error at", syntax.Offset)
		} else {
			var wrongType *json.UnmarshalTypeError
			fmt.Println("type error", errors.As(err, &wrongType))
		}
	}
	decoder := json.NewDecoder(strings.NewReader(`{"id":1} {"id":2} [3]`))
	for {
		var v struct{ ID int }
		if err := decoder.Decode(&v); err != nil {
			fmt.Println("stream ends:", err == io.EOF)
			break
		}
		fmt.Println("stream", v.ID)
	}
}

type minimum []int

func (m minimum) Len() int           { return len(m) }
func (m minimum) Less(i, j int) bool { return m[i] < m[j] }
func (m minimum) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *minimum) Push(v any)        { *m = append(*m, v.(int)) }
func (m *minimum) Pop() any          { old := *m; v := old[len(old)-1]; *m = old[:len(old)-1]; return v }

func sorting([]string) {
	values := make([]int, 3000)
	state := uint32(1)
	for i := range values {
		state = state*1664525 + 1013904223
		values[i] = int(state >> 12)
	}
	sort.Ints(values)
	fmt.Println(sort.IntsAreSorted(values), values[0], values[1500], sort.SearchInts(values, values[777]))
	people := []struct {
		name string
		age  int
	}{{"d", 3}, {"a", 1}, {"c", 3}, {"b", 1}, {"e", 2}}
	sort.SliceStable(people, func(i, j int) bool { return people[i].age < people[j].age })
	fmt.Println(people)
	names := []string{"pear", "apple", "fig", "Éclair", "apple2"}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	fmt.Println(names)
	h := &minimum{5, 2, 8}
	heap.Init(h)
	heap.Push(h, 1)
	for h.Len() > 0 {
		fmt.Print(heap.Pop(h), " ")
	}
	fmt.Println()
}

func digests([]string) {
	fmt.Printf("%x\n", sha256.Sum256([]byte("abc")))
	h := sha256.New()
	for i := 0; i < 300; i++ {
		fmt.Fprintf(h, "block %d;", i)
	}
	fmt.Println(hex.EncodeToString(h.Sum(nil)))
	data := bytes.Repeat([]byte("retunwind"), 50)
	fmt.Printf("%08x\n", crc32.ChecksumIEEE(data))
	encoded := base64.StdEncoding.EncodeToString(data[:20])
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	fmt.Println(encoded, string(decoded), err)
	_, err = hex.DecodeString("0g")
	fmt.Println(err)
	var b bytes.Buffer
	check(binary.Write(&b, binary.BigEndian, struct {
		A uint16
		B int32
		C float32
	}{0xabcd, -2, 1.5}))
	fmt.Println(b.Bytes(), binary.LittleEndian.Uint32(b.Bytes()), binary.PutUvarint(make([]byte, 10), 1<<40))
}

func gzipScenario([]string) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for i := 0; i < 500; i++ {
		fmt.Fprintf(w, "line %d of the text\n", i%50)
	}
	check(w.Close())
	r, err := gzip.NewReader(&packed)
	check(err)
	lines, size := 0, 0
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines++
		size += len(scanner.Text())
	}
	fmt.Println(lines, size, scanner.Err())
	_, err = gzip.NewReader(strings.NewReader("not gzip at all"))
	fmt.Println(err)
}

func timeFormat([]string) {
	t := time.Date(2024, time.February, 29, 23, 59, 58, 123456789, time.UTC)
	fmt.Println(t.Format(time.RFC3339Nano), t.Weekday(), t.YearDay(), t.Unix())
	fmt.Println(t.AddDate(1, 0, 0).Format("2006-01-02"), t.Add(90*time.Minute).Format(time.Kitchen), t.Truncate(time.Hour).Format(time.RFC1123))
	_, week := t.ISOWeek()
	fmt.Println(week, time.Duration(3723004000000), t.In(time.FixedZone("X", -5*3600)).Format(time.RFC822Z))
	parsed, err := time.Parse("02/01/2006 15:04", "31/12/1999 23:59")
	fmt.Println(parsed, err, t.Sub(parsed).Round(time.Hour))
	_, err = time.Parse(time.RFC3339, "2024-02-30T00:00:00Z")
	fmt.Println(err)
}
