/** The program ended itself (`proc_exit`, `runtime.wasmExit`). Thrown by a full host call; unwinds the whole run. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit';
  /** As the program gave it, 0 to 2^32 − 1. What the host's process makes of it is the embedder's business. */
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}
