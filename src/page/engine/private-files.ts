// Files of this address in the browser's private file system (OPFS), from a worker.

/** Bytes by name, in one folder. */
export interface PrivateFiles {
  /** Undefined where there is none. */
  read(name: string): Promise<File | undefined>;
  /**
   * Replaces the file. Not atomic: see checkpoint-slots.ts.
   * @throws FileNotOpened where it is left as it was; DOMException QuotaExceededError where there is no room, and nothing whole is left
   */
  write(name: string, parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void>;
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
}

/** Another holds the file, or the browser does not answer. */
export class FileNotOpened extends Error {
  override readonly name = 'FileNotOpened';
}

/** A file that is not open by then is not waited for: Chromium 156 leaves one of a hundred such calls without an answer where all cores are busy. */
const openMs = 5000;

/** Opens a folder; a text that says why not where the browser keeps nothing, as in some private windows. */
export async function openPrivateFiles(folder: string): Promise<PrivateFiles | string> {
  // Typed as always there, but addresses that are not secure lack it.
  if ((navigator.storage as StorageManager | undefined) === undefined) return 'its address is not secure';
  try {
    const root = await navigator.storage.getDirectory();
    const directory = await root.getDirectoryHandle(folder, { create: true });
    return filesOf(directory);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function filesOf(directory: FileSystemDirectoryHandle): PrivateFiles {
  return {
    async read(name) {
      try {
        return await (await directory.getFileHandle(name)).getFile();
      } catch {
        return undefined;
      }
    },
    async write(name, parts) {
      const access = await open(directory, name);
      try {
        access.truncate(0);
        let at = 0;
        for (const part of parts) {
          const written = access.write(part, { at });
          if (written !== part.length)
            throw new DOMException('the storage of this browser is full', 'QuotaExceededError');
          at += written;
        }
        access.flush();
      } finally {
        access.close();
      }
    },
    async remove(name) {
      await directory.removeEntry(name).catch(() => {});
    },
    async names() {
      const found: string[] = [];
      for await (const name of directory.keys()) found.push(name);
      return found;
    },
  };
}

/** @throws FileNotOpened */
async function open(directory: FileSystemDirectoryHandle, name: string): Promise<FileSystemSyncAccessHandle> {
  const opening = directory
    .getFileHandle(name, { create: true })
    .then((handle) => handle.createSyncAccessHandle());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the browser does not answer'));
      opening.then(
        (access) => access.close(),
        () => {},
      );
    }, openMs);
  });
  try {
    return await Promise.race([opening, silence]);
  } catch (error) {
    throw new FileNotOpened(`${name}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
