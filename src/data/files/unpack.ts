import { extract } from 'tar';

/**
 * Unpacks these members of a tar.gz, without the first folder of their paths.
 * @throws the file system's error where one cannot be written
 */
export async function unpack(
  archive: string,
  folder: string,
  members: Pick<ReadonlySet<string>, 'has'>,
): Promise<void> {
  let problem: Error | undefined;
  await extract({
    file: archive,
    cwd: folder,
    strip: 1,
    filter: (path) => members.has(path),
    // Such as a full disk: tar tells of it, goes on, and ends as if all were there.
    onwarn: (_, message, cause) => {
      problem ??= cause instanceof Error ? cause : new Error(message);
    },
  });
  if (problem !== undefined) throw problem;
}
