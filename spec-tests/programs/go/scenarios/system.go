package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"time"
)

func init() {
	register("args", "the arguments", func(args []string) { fmt.Printf("%q\n", args) })
	register("env", "the environment", env)
	register("stderr", "both output streams, also from the runtime", func([]string) {
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		println("from println", 1, true, 'x')
	})
	register("stdin", "stdin, line by line", stdin)
	register("stdin-bytes", "stdin in one piece, while another goroutine works", stdinBytes)
	register("files", "create, write, read, append, seek, truncate, rename, remove, stat [folder]", files)
	register("folders", "make, list, walk and remove folders [folder]", folders)
	register("links", "symbolic and hard links [folder]", links)
	register("file-errors", "what goes wrong with files, by kind [folder]", fileErrors)
}

// folder is where the file scenarios work: always absolute, never printed, since every host mounts another one.
func folder(args []string) string { return word(args, 0, "/sandbox") }

func env([]string) {
	kept := []string{}
	for _, e := range os.Environ() {
		if strings.HasPrefix(e, "SCENARIO_") {
			kept = append(kept, e)
		}
	}
	sort.Strings(kept)
	fmt.Printf("%q\n", kept)
	_, set := os.LookupEnv("SCENARIO_ABSENT")
	check(os.Setenv("SCENARIO_NEW", "x=y"))
	fmt.Println(set, os.Getenv("SCENARIO_NEW"), os.ExpandEnv("${SCENARIO_NEW}!"))
	check(os.Unsetenv("SCENARIO_NEW"))
	fmt.Printf("%q\n", os.Getenv("SCENARIO_NEW"))
}

func stdin([]string) {
	scanner := bufio.NewScanner(os.Stdin)
	n, letters := 0, 0
	for scanner.Scan() {
		n++
		letters += len(scanner.Text())
		fmt.Printf("%d: %q\n", n, scanner.Text())
	}
	fmt.Println("lines", n, "letters", letters, "error", scanner.Err())
}

func stdinBytes([]string) {
	worked := make(chan int)
	go func() {
		n := 0
		for i := 0; i < 100; i++ {
			n += i
			runtime.Gosched()
		}
		worked <- n
	}()
	all, err := io.ReadAll(os.Stdin)
	sum := 0
	for _, b := range all {
		sum += int(b)
	}
	fmt.Println("bytes", len(all), "sum", sum, err, <-worked)
}

func files(args []string) {
	path := filepath.Join(folder(args), "file.txt")
	check(os.WriteFile(path, []byte("first line\nsecond line\n"), 0o644))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	check(err)
	n, err := f.WriteString("appended\n")
	fmt.Println("appended", n, err)
	check(f.Close())
	all, err := os.ReadFile(path)
	check(err)
	fmt.Printf("%q\n", all)

	f, err = os.OpenFile(path, os.O_RDWR, 0)
	check(err)
	at, err := f.Seek(-9, io.SeekEnd)
	fmt.Println("seek", at, err)
	part := make([]byte, 6)
	n, err = io.ReadFull(f, part)
	fmt.Printf("%d %v %q\n", n, err, part)
	n, err = f.WriteAt([]byte("FIRST"), 0)
	fmt.Println("written at", n, err)
	n, err = f.ReadAt(part, 3)
	fmt.Printf("%d %v %q\n", n, err, part)
	at, err = f.Seek(0, io.SeekCurrent)
	fmt.Println("position", at, err)
	check(f.Truncate(10))
	info, err := f.Stat()
	check(err)
	fmt.Println(info.Name(), info.Size(), info.IsDir(), info.Mode().IsRegular(), time.Since(info.ModTime()) < time.Hour)
	n, err = f.ReadAt(part, 8)
	fmt.Println("short read", n, err)
	check(f.Sync())
	check(f.Close())
	fmt.Println(errors.Is(f.Close(), os.ErrClosed))

	renamed := filepath.Join(folder(args), "renamed.txt")
	check(os.Rename(path, renamed))
	_, err = os.Stat(path)
	fmt.Println("gone", errors.Is(err, fs.ErrNotExist))
	when := time.Unix(1600000000, 0)
	check(os.Chtimes(renamed, when, when))
	info, err = os.Stat(renamed)
	check(err)
	fmt.Println(info.ModTime().Unix(), info.Size())
	check(os.Truncate(renamed, 4))
	all, err = os.ReadFile(renamed)
	fmt.Printf("%q %v\n", all, err)

	big := make([]byte, 300000)
	for i := range big {
		big[i] = byte(i * 7)
	}
	check(os.WriteFile(path, big, 0o600))
	back, err := os.ReadFile(path)
	same := err == nil && len(back) == len(big)
	for i := range back {
		same = same && back[i] == big[i]
	}
	fmt.Println("large file the same", same)
	check(os.Remove(path))
	check(os.Remove(renamed))
	fmt.Println("removed")
}

func folders(args []string) {
	root := filepath.Join(folder(args), "tree")
	check(os.MkdirAll(filepath.Join(root, "a", "b"), 0o755))
	check(os.Mkdir(filepath.Join(root, "c"), 0o755))
	for _, name := range []string{"one", "two", "a/three", "a/b/four"} {
		check(os.WriteFile(filepath.Join(root, name), []byte(name), 0o644))
	}
	check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		check(err)
		relative, _ := filepath.Rel(root, path)
		fmt.Println(relative, d.IsDir())
		return nil
	}))
	for i := 0; i < 120; i++ {
		check(os.WriteFile(filepath.Join(root, "c", fmt.Sprintf("entry-%03d", i)), nil, 0o644))
	}
	entries, err := os.ReadDir(filepath.Join(root, "c"))
	check(err)
	fmt.Println(len(entries), entries[0].Name(), entries[119].Name())
	f, err := os.Open(filepath.Join(root, "c"))
	check(err)
	first, err := f.Readdirnames(50)
	check(err)
	rest, err := f.Readdirnames(-1)
	check(err)
	names := append(first, rest...)
	sort.Strings(names)
	fmt.Println(len(first), len(rest), names[60])
	check(f.Close())
	fmt.Println("not empty:", os.Remove(root) != nil)
	check(os.RemoveAll(root))
	_, err = os.Stat(root)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
}

func links(args []string) {
	target, link, hard := filepath.Join(folder(args), "target"), filepath.Join(folder(args), "link"), filepath.Join(folder(args), "hard")
	check(os.WriteFile(target, []byte("through the link"), 0o644))
	check(os.Symlink("target", link))
	to, err := os.Readlink(link)
	fmt.Println(to, err)
	all, err := os.ReadFile(link)
	fmt.Println(string(all), err)
	info, err := os.Lstat(link)
	check(err)
	fmt.Println(info.Mode()&fs.ModeSymlink != 0)
	check(os.Link(target, hard))
	check(os.Remove(target))
	all, err = os.ReadFile(hard)
	fmt.Println(string(all), err)
	_, err = os.Stat(link)
	fmt.Println("dangling", errors.Is(err, fs.ErrNotExist))
	check(os.Remove(link))
	check(os.Remove(hard))
}

func fileErrors(args []string) {
	in := func(name string) string { return filepath.Join(folder(args), name) }
	show := func(what string, err error) {
		var number syscall.Errno
		fmt.Printf("%s: %v (%v %v %v)\n", what, errors.As(err, &number), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrPermission))
		if errors.As(err, &number) {
			fmt.Println("  ", number)
		}
	}
	_, err := os.Open(in("absent"))
	show("open absent", err)
	check(os.WriteFile(in("present"), []byte("x"), 0o644))
	_, err = os.OpenFile(in("present"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	show("create present", err)
	show("mkdir present", os.Mkdir(in("present"), 0o755))
	_, err = os.ReadDir(in("present"))
	fmt.Println("list a file:", err != nil)
	_, err = os.Open(in("present/below"))
	show("below a file", err)
	show("remove absent", os.Remove(in("absent")))
	show("rename absent", os.Rename(in("absent"), in("other")))
	f, err := os.Open(in("present"))
	check(err)
	_, err = f.Write([]byte("y"))
	fmt.Println("write to a read-only file:", err != nil)
	_, err = f.Seek(-1, io.SeekStart)
	fmt.Println("seek before the start:", err != nil)
	n, err := f.Read(make([]byte, 10))
	fmt.Println(n, err)
	n, err = f.Read(make([]byte, 10))
	fmt.Println(n, err)
	check(f.Close())
	check(os.Remove(in("present")))
}
