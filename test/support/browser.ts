import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** A window that is looked into by a test. */
export type Window = {
  page: Page
  /** What a person would find in the browser's console as an error or warning, refusals by the page's own policy included. */
  complaints: readonly string[]
  /** Hosts that were asked for anything. */
  hosts: ReadonlySet<string>
}

export type TestBrowser = {
  open(url: string, options?: BrowserContextOptions): Promise<Window>
  close(): Promise<void>
}

const CHROMIUM = '/usr/bin/chromium'
const WAIT_MS = 10_000

/** Debian's Chromium inside a network namespace: it sees the network as that machine does. */
export async function startBrowser(namespace: string): Promise<TestBrowser> {
  const directory = mkdtempSync(join(tmpdir(), 'lb-agent-browser-'))
  const wrapper = join(directory, 'chromium')
  // `exec` keeps the pipes through which the browser is driven.
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${namespace} ${CHROMIUM} "$@"\n`)
  chmodSync(wrapper, 0o755)
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  const browser = await chromium
    .launch({ executablePath: wrapper, args: ['--no-sandbox', '--disable-gpu'], timeout: 30_000 })
    .catch((error: Error) => {
      remove()
      throw error
    })
  return {
    open: async (url, options = {}) => {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
      context.setDefaultTimeout(WAIT_MS)
      const page = await context.newPage()
      const complaints: string[] = []
      const hosts = new Set<string>()
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', ({ message }) => complaints.push(message))
      context.on('request', (request) => hosts.add(new URL(request.url()).host))
      await page.goto(url)
      return { page, complaints, hosts }
    },
    close: async () => {
      await browser.close()
      remove()
    },
  }
}
