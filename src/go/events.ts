/**
 * What happens in a Go program, in the words of Go. Each event has the clock, its kind, the goroutine that it is about
 * (0: the scheduler's g0) and that goroutine's start function or, where there is one, the function that it is about.
 */
export type GoEvent = GoroutineEvent | UnwindEvent | LoopEvent | PauseEvent | GcEvent;

interface Base {
  readonly clock: number;
  readonly goroutine: number;
  readonly function: string;
}

/** A place in the program's source. */
export interface Place {
  readonly function: string;
  readonly file?: string;
  readonly line?: number;
}

export type GoroutineEvent = Base & { readonly event: 'goroutine' } & (
    | {
        readonly action: 'created';
        /** The goroutine that executed the `go` statement; 0 for the runtime. */
        readonly by: number;
        readonly at?: Place;
      }
    /** It got the processor; `from` is the goroutine that had it before (0: none). */
    | { readonly action: 'running'; readonly from: number }
    | { readonly action: 'park'; readonly reason: string; readonly at?: Place }
    | { readonly action: 'yield'; readonly at?: Place }
    /** `by`: the goroutine that woke it; 0 for the scheduler (timers, the network poller). */
    | { readonly action: 'ready'; readonly by: number }
    | { readonly action: 'exit' }
    /** Its stack moved. Sizes in bytes. */
    | { readonly action: 'stack'; readonly from: number; readonly to: number }
    | { readonly action: 'panic'; readonly value: string; readonly at?: Place }
    | { readonly action: 'recover' }
    | { readonly action: 'goexit'; readonly at?: Place }
    /** How it stood when the program was over. */
    | { readonly action: 'end'; readonly state: string; readonly reason?: string }
  );

export type UnwindCause = 'start' | 'park' | 'yield' | 'exit' | 'stack' | 'preempt' | 'recover' | 'coroutine' | 'pause' | 'program exit';

export interface UnwindEvent extends Base {
  readonly event: 'unwind';
  readonly cause: UnwindCause;
  /** Wasm frames that return 1 before a trampoline (or the host) has control. */
  readonly depth: number;
  /** How many of them stand on the goroutine's own stack, for a trampoline to resume later. */
  readonly resumable: number;
}

/** A turn of a trampoline: `function` is what it calls. */
export interface LoopEvent extends Base {
  readonly event: 'loop';
  readonly pc_f: number;
  readonly pc_b: number;
  /** `start`: a new goroutine. `resume`: a frame whose wasm frame was lost. `restart`: a function whose stack check moved the stack or yielded. */
  readonly entry: 'start' | 'resume' | 'restart';
  /** Inside a call of an exported function (`wasm_pc_f_loop_export`). */
  readonly nested: boolean;
}

export type PauseEvent = Base & { readonly event: 'pause' } & (
    | { readonly action: 'pause' | 'resume' }
    | { readonly action: 'exit'; readonly code: number }
    /**
     * The program goes back to the host while an exported function that the host called is not done: its caller gets
     * a wrong result, and what comes later finds a damaged stack (golang.org/issue/65199: exports on js must not
     * wait for timers or events).
     */
    | { readonly action: 'lost export' }
  );

export type GcAction = 'start' | 'mark termination' | 'sweep' | 'stop the world' | 'start the world';

export interface GcEvent extends Base {
  readonly event: 'gc';
  readonly action: GcAction;
  /** Counts collections from 1. */
  readonly cycle: number;
}
