import type { InstructionReader } from '../binary/code-reader.js';
import type { Typing } from './typing.js';

/** Types one instruction whose operands or immediates depend on the context. */
export type Rule = (typing: Typing, reader: InstructionReader) => void;
/** Rules by mnemonic. */
export type Rules = Readonly<Record<string, Rule>>;
