/** Exit codes of ours; every other one is the guest's. */
export const EXIT = {
  ok: 0,
  checksFailed: 1,
  usage: 2,
  outOfInstructions: 124,
  refused: 125,
  notLoadable: 126,
  noSuchFile: 127,
  trap: 134,
} as const;

/** The tool will not do what it was asked: one clear line and an exit code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.refused) {
    super(message);
    this.exitCode = exitCode;
  }
}
