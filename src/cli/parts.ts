/** The parts of the tool that this process has used: commands, and kinds of programs. Compiled code is kept of them. */
export const usedParts: Set<string> = new Set();
