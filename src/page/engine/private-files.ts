// Files of this address in the browser's private file system (OPFS), from a worker.

/** Bytes by name, in one folder. */
export interface PrivateFiles {
  /** Undefined where there is none. */
  read(name: string): Promise<File | undefined>;
  /** Replaces the file. Not atomic: see checkpoint-slots.ts. @throws DOMException QuotaExceededError where there is no room */
  write(name: string, parts: readonly Uint8Array<ArrayBuffer>[]): Promise<void>;
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
}

/** Opens a folder; a text that says why not where the browser keeps nothing, as in some private windows. */
export async function openPrivateFiles(folder: string): Promise<PrivateFiles | string> {
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
      const handle = await directory.getFileHandle(name, { create: true });
      const access = await handle.createSyncAccessHandle();
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
