import { Counter, Gauge, type Registry } from 'prom-client'

/** Samples that are made anew at every scrape: what is not known any more leaves no last value behind. */
export type Samples<Label extends string> = {
  /** `undefined` or null: not known, so there is no sample. */
  set(labels: Readonly<Record<Label, string>>, value: number | boolean | null | undefined): void
  clear(): void
}

export function createGauge<Label extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Samples<Label> {
  const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] })
  const clear = (): void => {
    gauge.reset()
    // A gauge without labels begins, and is reset, as a 0, which would be a fact.
    if (labelNames.length === 0) gauge.remove()
  }
  clear()
  return {
    set: (labels, value) => {
      if (value !== undefined && value !== null) gauge.set(labels, Number(value))
    },
    clear,
  }
}

/** A counter that somebody else counts: the kernel, or keepalived. */
export function createForeignCounter<Label extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Samples<Label> {
  const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
  return {
    set: (labels, value) => {
      if (value !== undefined && value !== null) counter.inc(labels, Number(value))
    },
    clear: () => counter.reset(),
  }
}
