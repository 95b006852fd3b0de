import type { FsErrorCode } from '../fs.js';

/** The error names of WASI preview 1 in the order of their numbers, with the `E` that C gives them. */
export const ERRNO_NAMES = [
  'ESUCCESS', 'E2BIG', 'EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAGAIN', 'EALREADY', 'EBADF', 'EBADMSG',
  'EBUSY', 'ECANCELED', 'ECHILD', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EDEADLK', 'EDESTADDRREQ', 'EDOM', 'EDQUOT',
  'EEXIST', 'EFAULT', 'EFBIG', 'EHOSTUNREACH', 'EIDRM', 'EILSEQ', 'EINPROGRESS', 'EINTR', 'EINVAL', 'EIO',
  'EISCONN', 'EISDIR', 'ELOOP', 'EMFILE', 'EMLINK', 'EMSGSIZE', 'EMULTIHOP', 'ENAMETOOLONG', 'ENETDOWN', 'ENETRESET',
  'ENETUNREACH', 'ENFILE', 'ENOBUFS', 'ENODEV', 'ENOENT', 'ENOEXEC', 'ENOLCK', 'ENOLINK', 'ENOMEM', 'ENOMSG',
  'ENOPROTOOPT', 'ENOSPC', 'ENOSYS', 'ENOTCONN', 'ENOTDIR', 'ENOTEMPTY', 'ENOTRECOVERABLE', 'ENOTSOCK', 'ENOTSUP', 'ENOTTY',
  'ENXIO', 'EOVERFLOW', 'EOWNERDEAD', 'EPERM', 'EPIPE', 'EPROTO', 'EPROTONOSUPPORT', 'EPROTOTYPE', 'ERANGE', 'EROFS',
  'ESPIPE', 'ESRCH', 'ESTALE', 'ETIMEDOUT', 'ETXTBSY', 'EXDEV', 'ENOTCAPABLE',
] as const;

/** What a call can answer, beside success: the errors of a file system and those of WASI itself. */
export type Errno = FsErrorCode | 'EFAULT' | 'EILSEQ' | 'ENOTCAPABLE';

const numbers: ReadonlyMap<string, number> = new Map(ERRNO_NAMES.map((name, number) => [name, number]));

export function errnoNumber(name: Errno): number {
  return numbers.get(name)!;
}

/** Thrown inside a call, which then answers with that error. */
export class WasiError extends Error {
  override readonly name = 'WasiError';
  readonly code: Errno;

  constructor(code: Errno) {
    super(code);
    this.code = code;
  }
}
