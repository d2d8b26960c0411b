import { describe } from 'vitest'
import { delaying } from './broker/delaying.ts'
import { holding } from './broker/holding.ts'
import { keeping } from './broker/keeping.ts'
import { publishing } from './broker/publishing.ts'
import { receipts } from './broker/receipts.ts'
import { resuming } from './broker/resuming.ts'
import type { CreateCluster } from './broker/world.ts'

/** Every sentence of the broker's contract as a test; what every implementation must pass. */
export function brokerConformance(name: string, create: CreateCluster): void {
  describe(`${name}: the contract of the broker`, () => {
    describe('publishing', () => publishing(create))
    describe('holding', () => holding(create))
    describe('resuming', () => resuming(create))
    describe('keeping', () => keeping(create))
    describe('receipts', () => receipts(create))
    describe('delaying', () => delaying(create))
  })
}
