import fc from 'fast-check'

const suffix = fc.constantFrom('', 'a', '.lan', '_B', '-2', '.9-x')

/** Any lb.yaml that is valid, as an object: every profile, check, transport and IP version, servers of every kind. */
export const lbFile = fc
  .record({
    family: fc.constantFrom(4, 6),
    nodeSuffixes: fc.array(suffix, { minLength: 1, maxLength: 5 }),
    interface: fc.constantFrom('eth0', 'br0', 'bond0.17', '0_x'),
    transport: fc.constantFrom('unicast', 'multicast'),
    adverts: fc.integer({ min: 1, max: 4095 }),
    vips: fc.array(
      fc.record({
        order: fc.nat(23),
        holders: fc.integer({ min: 1, max: 5 }),
        prefixed: fc.boolean(),
        extras: fc.nat(3),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    pools: fc.array(
      fc.array(
        fc.record(
          {
            suffix,
            family: fc.constantFrom(4, 6),
            port: fc.integer({ min: 1, max: 65_535 }),
            weight: fc.integer({ min: 0, max: 256 }),
            backup: fc.boolean(),
          },
          { requiredKeys: ['suffix', 'family'] },
        ),
        { minLength: 1, maxLength: 4 },
      ),
      { minLength: 1, maxLength: 2 },
    ),
    services: fc.array(
      fc.record(
        {
          suffix,
          vip: fc.nat(2),
          pool: fc.nat(1),
          profile: fc.constantFrom('kubernetes-api', 'tcp', 'http'),
          balance: fc.constantFrom('roundrobin', 'leastconn', 'source'),
          serverPort: fc.integer({ min: 1, max: 65_535 }),
          sendProxy: fc.constantFrom('none', 'v2'),
          check: fc.constantFrom(
            'tcp',
            'http',
            'https',
            { type: 'tcp', interval: '10ms', rise: 1, fall: 100 },
            { type: 'http', path: '/a/b?c=d&e=~f,+g@h:i', host: 'www.example.org', expect: [200, 401] },
            { type: 'https', host: '192.0.2.1', unauthorized: 'up', interval: '1h' },
          ),
          timeouts: fc.constantFrom({}, { connect: '1ms', client: '24d', server: '90s', tunnel: '1d' }),
        },
        { requiredKeys: ['suffix', 'vip', 'pool'] },
      ),
      { maxLength: 4 },
    ),
    haproxy: fc.record(
      {
        log: fc.constantFrom('errors', 'all'),
        maxConnections: fc.integer({ min: 1, max: 1_000_000 }),
        healthPort: fc.integer({ min: 1, max: 65_535 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ family, nodeSuffixes, vips, pools, services, ...rest }) => {
    const nodes = nodeSuffixes.map((suffix, index) => `lb${index}${suffix}`)
    return {
      version: 1,
      cluster: 'any',
      nodes: entries(nodes, (index) => ({ address: address(family, 3, index), interface: rest.interface })),
      vrrp: { transport: rest.transport, advertInterval: `${rest.adverts * 10}ms` },
      vips: entries(
        vips.map((_, index) => `v-${index}`),
        (index) => {
          const { order = 0, holders = 1, prefixed = false, extras = 0 } = vips[index] ?? {}
          const turned = nodes.map((_, at) => nodes[(at + order) % nodes.length] ?? '')
          return {
            address: address(family, 5, index) + (prefixed ? '/24' : ''),
            virtualRouterId: index + 1,
            // A node that is in no list is a problem: the first VIP takes all of them.
            prefer: index === 0 ? turned : turned.slice(0, holders),
            extraAddresses: Array.from({ length: extras }, (_, at) => address(at % 2 === 0 ? 4 : 6, 6 + index, at)),
          }
        },
      ),
      pools: entries(
        pools.map((_, index) => `p${index}`),
        (index) =>
          entries(
            (pools[index] ?? []).map(({ suffix }, at) => `s${at}${suffix}`),
            (at) => {
              const { family: version = 4, suffix: _, ...server } = pools[index]?.[at] ?? {}
              return { ...server, address: address(version, 9, at) }
            },
          ),
      ),
      services: entries(
        services.map(({ suffix }, index) => `web${index}${suffix}`),
        (index) => {
          const { suffix: _, vip = 0, pool = 0, ...service } = services[index] ?? {}
          const names = { vip: `v-${vip % vips.length}`, pool: `p${pool % pools.length}` }
          return { ...service, ...names, port: 80 + index }
        },
      ),
      haproxy: rest.haproxy,
    }
  })

function entries<Value>(names: readonly string[], value: (index: number) => Value): Record<string, Value> {
  return Object.fromEntries(names.map((name, index) => [name, value(index)]))
}

function address(family: number, net: number, host: number): string {
  return family === 4 ? `10.17.${net}.${host + 10}` : `fd00:17:${net}::${host + 10}`
}
