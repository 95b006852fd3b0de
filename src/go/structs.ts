/**
 * Where the runtime keeps what a tool wants to see: offsets of struct fields for `GOARCH=wasm` by minor version, as
 * the compiler prints them into `go_asm.h` of package runtime (`GOARCH=wasm go build -work -a runtime`). Go 1.20 was
 * not at hand and takes the columns of 1.19.
 */
const MINORS = [19, 21, 22, 23, 24, 25, 26, 27] as const;

/** −1: the version has no such field. */
const OFFSETS = {
  g_parentGoid: [-1, 272, 272, 280, 280, 272, 280, 280],
  g_atomicstatus: [144, 144, 144, 152, 152, 144, 144, 144],
  g_goid: [152, 152, 152, 160, 160, 152, 152, 152],
  g_waitreason: [176, 176, 176, 184, 184, 176, 176, 176],
  g_gopc: [296, 280, 280, 288, 288, 280, 288, 288],
  g_startpc: [312, 296, 296, 304, 304, 296, 304, 304],
  g_waitsince: [168, 168, 168, 176, 176, 168, 168, 168],
  g_lockedm: [232, 208, 208, 216, 216, 208, 208, 208],
  g_waiting: [328, 312, 312, 320, 320, 312, 320, 320],
  g_labels: [360, 344, 344, 352, 352, 344, 352, 352],
  g_timer: [368, 352, 352, 360, 360, 352, 360, 360],
  g_sleepWhen: [-1, -1, -1, 368, 368, 360, 368, 368],
  m_curg: [144, 144, 144, 144, 144, 136, 136, 136],
  sudog_isSelect: [52, 52, 52, 52, 52, 52, 60, 60],
  sudog_waitlink: [64, 64, 64, 64, 64, 64, 72, 72],
  sudog_c: [80, 80, 80, 80, 80, 80, 88, 88],
  hchan_elemtype: [32, 32, 32, 40, 40, 40, 40, 40],
  hchan_sendx: [40, 40, 40, 48, 48, 48, 48, 48],
  hchan_recvx: [48, 48, 48, 56, 56, 56, 56, 56],
  hchan_recvq: [56, 56, 56, 64, 64, 64, 64, 64],
  hchan_sendq: [72, 72, 72, 80, 80, 80, 80, 80],
  timer_when: [8, 8, 8, 16, 16, 24, 24, 24],
  _panic_arg: [8, 8, 8, 8, 8, 8, 0, 0],
  _panic_link: [24, 24, 24, 24, 24, 24, 16, 16],
  _panic_recovered: [48, 48, 96, 96, 96, 96, 88, 88],
  _panic_aborted: [49, 49, -1, -1, -1, -1, -1, -1],
  _panic_repanicked: [-1, -1, -1, -1, -1, 97, 89, 89],
  _panic_goexit: [50, 50, 97, 97, 97, 98, 90, 90],
  _defer_heap: [1, 1, 0, 0, 0, 0, 0, 0],
  _defer_openDefer: [2, 2, -1, -1, -1, -1, -1, -1],
  _defer_rangefunc: [-1, -1, 1, 1, 1, 1, 1, 1],
  _defer_link: [40, 40, 32, 32, 32, 32, 32, 32],
  _defer_head: [-1, -1, 40, 40, 40, 40, 40, 40],
  _defer_fd: [48, 48, -1, -1, -1, -1, -1, -1],
  _defer_varp: [56, 56, -1, -1, -1, -1, -1, -1],
  moduledata_etypes: [288, 304, 304, 304, 304, 304, 304, 312],
  moduledata_typelinks: [336, 352, 352, 352, 352, 352, 360, -1],
  moduledata_typedesclen: [-1, -1, -1, -1, -1, -1, -1, 304],
  moduledata_itaboffset: [-1, -1, -1, -1, -1, -1, -1, 320],
  moduledata_itabsize: [-1, -1, -1, -1, -1, -1, -1, 328],
  moduledata_itablinks: [360, 376, 376, 376, 376, 376, 384, -1],
  /** `abi.FuncIDWrapper`: code that the compiler made, which tracebacks leave out. */
  funcIdWrapper: [21, 21, 22, 22, 22, 23, 23, 23],
  moduledata_gofunc: [304, 320, 320, 320, 320, 320, 320, 344],
  moduledata_types: [280, 296, 296, 296, 296, 296, 296, 296],
} as const;

type Field = keyof typeof OFFSETS;

export type RuntimeLayout = { readonly [F in Field]: number } & {
  /** The minor version that the offsets belong to, which is not the program's own for versions that we do not know. */
  readonly minor: number;
  readonly waitReasons: readonly string[];
};

/** The same in every version. */
export const G = { stackLo: 0, stackHi: 8, panic: 32, defer: 40, m: 48, schedSp: 56, schedPc: 64, schedCtxt: 80 } as const;
export const M = { g0: 0 } as const;
export const SUDOG = { g: 0, next: 8, elem: 24 } as const;
export const HCHAN = { qcount: 0, dataqsiz: 8, buf: 16, elemsize: 24, closed: 28 } as const;
export const DEFER = { sp: 8, pc: 16, fn: 24 } as const;
export const MODULEDATA = { noptrdata: 192, enoptrdata: 200, data: 208, edata: 216, bss: 224, ebss: 232, noptrbss: 240, enoptrbss: 248 } as const;
/** `gobuf`, as `gogo` takes it. */
export const GOBUF = { sp: 0, g: 16 } as const;

/** Status of a goroutine: the low 12 bits of `g.atomicstatus`. */
export const STATUS = { idle: 0, runnable: 1, running: 2, syscall: 3, waiting: 4, dead: 6, copystack: 8, preempted: 9 } as const;
/** Set beside a status while the collector scans the stack. */
export const STATUS_SCAN = 0x1000;
const STATUS_NAMES = ['idle', 'runnable', 'running', 'syscall', 'waiting', 'moribund', 'dead', 'enqueue', 'copystack', 'preempted', 'leaked', 'deadextra'];

/** As Go's tracebacks name it. */
export function statusName(status: number): string {
  return STATUS_NAMES[status & ~STATUS_SCAN] ?? `status ${status}`;
}

/** Wait reasons in the order of their numbers: [text, first minor version, last minor version]. */
type Reason = readonly [text: string, since?: number, until?: number];

const REASONS_UNTIL_125: readonly Reason[] = [
  [''],
  ['GC assist marking'],
  ['IO wait'],
  ['chan receive (nil chan)'],
  ['chan send (nil chan)'],
  ['dumping heap'],
  ['garbage collection'],
  ['garbage collection scan'],
  ['panicwait'],
  ['select'],
  ['select (no cases)'],
  ['GC assist wait'],
  ['GC sweep wait'],
  ['GC scavenge wait'],
  ['chan receive'],
  ['chan send'],
  ['finalizer wait'],
  ['force gc (idle)'],
  ['GOMAXPROCS updater (idle)', 25],
  ['semacquire'],
  ['sleep'],
  ['sync.Cond.Wait'],
  ['timer goroutine (idle)', 0, 19],
  ['sync.Mutex.Lock', 20],
  ['sync.RWMutex.RLock', 20],
  ['sync.RWMutex.Lock', 20],
  ['sync.WaitGroup.Wait', 24],
];
const REASONS_SINCE_126: readonly Reason[] = [
  [''],
  ['GC assist marking'],
  ['IO wait'],
  ['dumping heap'],
  ['garbage collection'],
  ['garbage collection scan'],
  ['panicwait'],
  ['GC assist wait'],
  ['GC sweep wait'],
  ['GC scavenge wait'],
  ['finalizer wait'],
  ['force gc (idle)'],
  ['GOMAXPROCS updater (idle)'],
  ['semacquire'],
  ['sleep'],
  ['chan receive (nil chan)'],
  ['chan send (nil chan)'],
  ['select (no cases)'],
  ['select'],
  ['chan receive'],
  ['chan send'],
  ['sync.Cond.Wait'],
  ['sync.Mutex.Lock'],
  ['sync.RWMutex.RLock'],
  ['sync.RWMutex.Lock'],
  ['sync.WaitGroup.Wait'],
];
/** What follows in either numbering. */
const REASONS_TAIL: readonly Reason[] = [
  ['trace reader (blocked)'],
  ['wait for GC cycle'],
  ['GC worker (idle)'],
  ['GC worker (active)', 20],
  ['preempted'],
  ['debug call'],
  ['GC mark termination', 21],
  ['stopping the world', 21],
  ['flushing proc caches', 22],
  ['trace goroutine status', 22],
  ['trace proc status', 22],
  ['page trace flush', 22],
  ['coroutine', 22],
  ['GC weak to strong wait', 23],
  ['synctest.Run', 24],
  ['synctest.Wait', 24],
  ['chan receive (synctest)', 24, 24],
  ['chan send (synctest)', 24, 24],
  ['select (synctest)', 24, 24],
  ['chan receive (durable)', 25],
  ['chan send (durable)', 25],
  ['select (durable)', 25],
  ['sync.WaitGroup.Wait (durable)', 25],
  ['cleanup wait', 25],
];

/** The layout of `go1.<minor>`, or of the nearest version that we know. */
export function runtimeLayout(minor: number): RuntimeLayout {
  let column = 0;
  MINORS.forEach((known, i) => {
    if (known <= minor) column = i;
  });
  const offsets = Object.fromEntries(Object.entries(OFFSETS).map(([field, row]) => [field, row[column]!])) as { [F in Field]: number };
  return { ...offsets, minor: MINORS[column]!, waitReasons: waitReasons(minor) };
}

function waitReasons(minor: number): string[] {
  const rows = [...(minor <= 25 ? REASONS_UNTIL_125 : REASONS_SINCE_126), ...REASONS_TAIL];
  return rows.filter(([, since = 0, until = Infinity]) => since <= minor && minor <= until).map(([text]) => text);
}
