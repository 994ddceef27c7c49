import { after, before, suite } from 'node:test'
import { missingForBoots } from '../support/requirements.ts'
import { faults } from './debian-faults.ts'
import { firstCommit } from './debian-first-commit.ts'
import { lifecycle } from './debian-lifecycle.ts'
import { sandbox } from './debian-sandbox.ts'
import { createDebianSeat, type DebianSeat } from './debian-seat.ts'

// HAProxy 2.6, keepalived 2.2.7 and systemd 252; HAProxy 3.0, keepalived 2.3.3 and systemd 257.
for (const release of ['bookworm', 'trixie'] as const) {
  suite(`three nodes on Debian ${release}`, { skip: missingForBoots(), timeout: 900_000 }, () => {
    let seat: DebianSeat | undefined
    const use = (): DebianSeat => {
      if (seat === undefined) throw new Error('the machines did not boot')
      return seat
    }
    before(async () => {
      seat = await createDebianSeat(release)
    })
    after(() => seat?.close())

    firstCommit(use)
    sandbox(use)
    faults(use)
    lifecycle(use)
  })
}
