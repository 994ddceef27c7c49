import type { InstanceConfig, TrackReference } from './config.ts'
import type { Reading } from './reading.ts'

/**
 * An owner of its address and, unless sync_group_tracking_weight is written, a member of a sync group follow nothing with a weight
 * (2.2.7, vrrp_complete_instance()). Of the trackers, those stay that keepalived keeps, as it keeps them.
 */
export function withoutWeights(
  instance: InstanceConfig,
  syncGroup: string | undefined,
  reading: Reading,
): InstanceConfig {
  const { report, weights } = reading
  const { name } = instance
  const why = syncGroup === undefined ? 'priority 255' : `sync group ${syncGroup}`
  const tell = (keyword: string, reference: TrackReference): void =>
    report(
      reference.at,
      `${name} follows ${keyword} ${reference.name} with a weight, which ${why} does not allow; write weight 0${syncGroup === undefined ? '' : ', or sync_group_tracking_weight in the group'}`,
    )
  return {
    ...instance,
    trackInterfaces: instance.trackInterfaces.flatMap((reference) => {
      if (reference.weight === undefined || reference.weight === 0) return [reference]
      tell('track_interface', reference)
      return syncGroup === undefined ? [] : [{ ...reference, weight: 0 }]
    }),
    trackScripts: instance.trackScripts.filter((reference) => {
      const weight = reference.weight ?? weights.get(`track_script ${reference.name}`) ?? 0
      if (weight !== 0) tell('track_script', reference)
      return weight === 0
    }),
    trackFiles: instance.trackFiles.flatMap((reference) => {
      const weight = reference.weight ?? weights.get(`track_file ${reference.name}`) ?? 0
      if (weight === 0) return [reference]
      tell('track_file', reference)
      // 1 is what keepalived takes where nothing is written.
      return weight === 1 ? [{ ...reference, weight: 0 }] : []
    }),
  }
}
