import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a commit puts at a path: text or bytes, a symbolic link, a submodule, or nothing (`null` takes it away). */
export type FileContent = string | Buffer | { symlink: string } | { submodule: string } | { executable: string } | null

/** A throw-away bare repository in a temp directory, written with git's plumbing: no work tree, no hooks, no identity. */
export type Repository = {
  /** `file://…` */
  url: string
  directory: string
  /** Adds a commit to `main` and returns its name. Paths that are not given stay as they are. */
  commit(files: Readonly<Record<string, FileContent>>, message: string, author?: string): string
  /** A commit with `parent` as its only ancestor (none when undefined), to which no branch points. */
  commitOn(parent: string | undefined, files: Readonly<Record<string, FileContent>>, message: string): string
  /** Lets `branch` (default `main`) point to `sha`, whatever it pointed to before. */
  forcePush(sha: string, branch?: string): void
  deleteBranch(branch: string): void
  /** The repository is not where its address says until the returned function is called. */
  hide(): () => void
  close(): void
}

/** An empty repository; `close` it at the end of the test. */
export function createRepository(options: { objectFormat?: 'sha1' | 'sha256' } = {}): Repository {
  const base = mkdtempSync(join(tmpdir(), 'lb-agent-repo-'))
  const directory = join(base, 'remote.git')
  let clock = 1_700_000_000

  const git = (args: readonly string[], input: string | Buffer = '', env: Record<string, string> = {}): string =>
    execFileSync('git', args, {
      cwd: base,
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: base,
        LC_ALL: 'C',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_DIR: directory,
        GIT_INDEX_FILE: join(base, 'index'),
        ...env,
      },
      timeout: 20_000,
    })
      .toString('utf8')
      .trim()

  const stored = new Map<string, string>()
  const store = (data: string | Buffer): string => {
    const key = Buffer.isBuffer(data) ? data.toString('base64') : `text ${data}`
    const oid = stored.get(key) ?? git(['hash-object', '-w', '--stdin'], data)
    stored.set(key, oid)
    return oid
  }
  const indexLine = (path: string, content: FileContent): string => {
    if (content === null) return `0 ${'0'.repeat(options.objectFormat === 'sha256' ? 64 : 40)}\t${path}\0`
    if (typeof content === 'string' || Buffer.isBuffer(content)) return `100644 ${store(content)}\t${path}\0`
    if ('symlink' in content) return `120000 ${store(content.symlink)}\t${path}\0`
    if ('submodule' in content) return `160000 ${content.submodule}\t${path}\0`
    return `100755 ${store(content.executable)}\t${path}\0`
  }

  const write = (
    parent: string | undefined,
    files: Readonly<Record<string, FileContent>>,
    message: string,
    author = 'Ada',
  ): string => {
    rmSync(join(base, 'index'), { force: true })
    if (parent !== undefined) git(['read-tree', parent])
    const lines = Object.entries(files).map(([path, content]) => indexLine(path, content))
    git(['update-index', '-z', '--index-info'], lines.join(''))
    clock += 60
    return git(['commit-tree', git(['write-tree']), ...(parent === undefined ? [] : ['-p', parent])], message, {
      GIT_AUTHOR_NAME: author,
      GIT_AUTHOR_EMAIL: 'ada@example.net',
      GIT_AUTHOR_DATE: `${clock} +0000`,
      GIT_COMMITTER_NAME: author,
      GIT_COMMITTER_EMAIL: 'ada@example.net',
      GIT_COMMITTER_DATE: `${clock} +0000`,
    })
  }

  const forcePush = (sha: string, branch = 'main'): void => {
    git(['update-ref', `refs/heads/${branch}`, sha])
  }
  const head = (): string | undefined => git(['for-each-ref', '--format=%(objectname)', 'refs/heads/main']) || undefined

  git(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${options.objectFormat ?? 'sha1'}`])
  return {
    url: `file://${directory}`,
    directory,
    commit: (files, message, author) => {
      const sha = write(head(), files, message, author)
      forcePush(sha)
      return sha
    },
    commitOn: write,
    forcePush,
    deleteBranch: (branch) => {
      git(['update-ref', '-d', `refs/heads/${branch}`])
    },
    hide: () => {
      renameSync(directory, `${directory}.hidden`)
      return () => renameSync(`${directory}.hidden`, directory)
    },
    close: () => rmSync(base, { recursive: true, force: true }),
  }
}
