import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mirrorOfList, mirrorOfSources } from '../support/debian-mirror.ts'

test('the mirror is the one of Debian itself, in one-line style', () => {
  const list = `# deb http://old.example/debian bookworm main
deb-src http://src.example/debian bookworm main
deb https://download.docker.com/linux/debian bookworm stable
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://apt.releases.example bookworm main
deb http://security.example/debian-security bookworm-security main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian/ bookworm main # near
`
  assert.equal(mirrorOfList(list), 'http://mirror.example/debian/')
  assert.equal(mirrorOfList('deb http://archive.ubuntu.com/ubuntu noble main\n'), undefined)
})

test('the mirror is the one of Debian itself, in deb822 style', () => {
  const sources = `Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb deb-src
# http://snapshot.example/
URIs:
 cdrom:[x]/
 https://mirror.example/debian
Suites: trixie trixie-updates
Components: main contrib

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
`
  assert.equal(mirrorOfSources(sources), 'https://mirror.example/debian')
  assert.equal(mirrorOfSources(''), undefined)
})
