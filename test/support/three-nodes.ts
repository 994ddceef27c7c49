/** lb.yaml of three nodes and the two VIPs of a K3s cluster, its API and its ingress, both of node `one` while it serves. */
export const THREE_NODES = `version: 1
cluster: test
nodes:
  one: { address: 10.9.0.1, interface: eth0 }
  two: { address: 10.9.0.2, interface: eth0 }
  three: { address: 10.9.0.3, interface: eth0 }
vrrp: { failback: { after: 3s } }
vips:
  api: { address: 10.9.0.100, virtualRouterId: 7, prefer: [one, two, three] }
  ingress: { address: 10.9.0.101, virtualRouterId: 8, prefer: [one, two, three] }
pools:
  masters: { master1: 10.9.1.1, master2: 10.9.1.2, master3: 10.9.1.3 }
  workers: { worker1: 10.9.2.1, worker2: 10.9.2.2 }
services:
  kubernetes-api: { vip: api, port: 6443, pool: masters, profile: kubernetes-api }
  ingress-http: { vip: ingress, port: 80, pool: workers, profile: tcp }
  ingress-https: { vip: ingress, port: 443, pool: workers, profile: tcp }
`
