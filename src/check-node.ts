import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, checkHaproxyFile, checkKeepalivedFile, type FileCheck } from './daemons/check-file.ts'
import { withNodeNamespace } from './host/node-namespace.ts'
import { type RenderedFiles, type RenderTarget, RUNTIME, SERVER_STATE_FILE } from './render/render-target.ts'
import type { Problem } from './spec/problem.ts'
import type { Node } from './spec/spec.ts'

/** What rendering and both daemons said of one node's files. */
export type DaemonChecks = { problems: readonly Problem[]; haproxy: FileCheck; keepalived: FileCheck }

type Ask = (command: Command, file: string) => Promise<FileCheck>

type Rendered = { kind: 'rendered'; files: RenderedFiles } | { kind: 'problems'; problems: readonly Problem[] }

/**
 * Lets the daemons that are installed here read the files of any node: `render` is given paths in a throwaway directory,
 * so that nothing of this machine is touched or needed. keepalived looks at interfaces and at the owner of its script:
 * as root it gets a namespace with the node's interface and address, otherwise it is not asked. `ask` asks the daemons.
 */
export async function checkNode(
  node: Node,
  render: (paths: RenderTarget['paths']) => Rendered,
  ask: { haproxy: Ask; keepalived: Ask } = { haproxy: checkHaproxyFile, keepalived: checkKeepalivedFile },
): Promise<DaemonChecks> {
  const isRoot = process.getuid?.() === 0
  // keepalived runs no script below a directory that others may write: /run is root's, /tmp is not.
  const directory = mkdtempSync(join(isRoot ? '/run' : tmpdir(), 'lb-agent-check-'))
  try {
    const paths = layOut(directory)
    const rendered = render(paths)
    const unasked: FileCheck = { kind: 'cannot', reason: 'the files could not be rendered' }
    if (rendered.kind === 'problems') return { problems: rendered.problems, haproxy: unasked, keepalived: unasked }
    const haproxyFile = join(directory, 'haproxy.cfg')
    const keepalivedFile = join(directory, 'keepalived.conf')
    writeFileSync(haproxyFile, rendered.files.haproxy)
    writeFileSync(keepalivedFile, rendered.files.keepalived)
    return {
      problems: [],
      haproxy: asOperatorKnowsIt(await ask.haproxy(['haproxy'], haproxyFile), directory),
      keepalived: asOperatorKnowsIt(
        isRoot
          ? await checkKeepalived(node, keepalivedFile, ask.keepalived)
          : {
              kind: 'cannot',
              reason: 'keepalived -t needs root (a network namespace like the node); run validate as root for it',
            },
        directory,
      ),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function checkKeepalived(node: Node, file: string, ask: Ask): Promise<FileCheck> {
  try {
    return await withNodeNamespace(node, (namespace) => ask(['ip', 'netns', 'exec', namespace, 'keepalived'], file))
  } catch (error) {
    return { kind: 'cannot', reason: `no network namespace for keepalived -t: ${(error as Error).message}` }
  }
}

function layOut(directory: string): RenderTarget['paths'] {
  chmodSync(directory, 0o755)
  const paths = {
    state: join(directory, 'state'),
    runtime: join(directory, 'run'),
    launcher: join(directory, 'lb-agent'),
  }
  mkdirSync(paths.state)
  mkdirSync(join(paths.runtime, RUNTIME.fifo, '..'), { recursive: true })
  writeFileSync(join(paths.state, SERVER_STATE_FILE), '1\n')
  writeFileSync(paths.launcher, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  return paths
}

function asOperatorKnowsIt(check: FileCheck, directory: string): FileCheck {
  return check.kind === 'refused' ? { kind: 'refused', output: check.output.replaceAll(`${directory}/`, '') } : check
}
