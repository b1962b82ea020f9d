const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than allowed',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'its folder is gone',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EIO: 'the device fails',
};

/** A file that cannot be written, in one line with its path. What stood there before is unchanged. Exit status 2. */
export class FileWriteError extends Error {
  override readonly name = 'FileWriteError';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    super(`cannot write ${path}: ${reasons[code] ?? message}`, { cause });
    this.path = path;
  }
}
