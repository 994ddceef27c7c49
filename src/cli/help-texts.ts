// What --help says behind the options.

export const EXIT_CODES = `
Exit codes: 0 good, 1 problems found, 2 usage, 3 agent not reachable, 75 another agent (install: another
install) is running, 130 interrupted (doctor, drill, install, uninstall, validate).
PATH is lb.yaml or the directory that holds it.`

export const STATUS = `
Exit code 0: all is well, or the conditions of --wait held. 1: not all is well, or they did not by --timeout. 3: no agent
answers, or lb-agent is not set up on this host (any more); it says which, and what to do.`

export const DOCTOR = `
Exit code 0: no problem, or with --fix none left; what cannot be told is none. 1: at least one, such as that lb-agent is not
set up on this host (any more): then nothing else is looked at.`

export const INSTALL = `
Exit code 0: the release serves, or nothing was to do. 1: something is in the way, or a person has something to do before the
rest, or the release is live and somebody must act at once: two nodes hold a VIP, HAProxy or keepalived does not run.`

export const MONITORING = `
One of --scrape, --rules and --grafana:
  lb-agent monitoring lb-config --scrape  > lb-agent.scrape.yml      its entry goes into scrape_configs
  lb-agent monitoring lb-config --rules   > lb-agent.rules.yml       its name goes into rule_files
  lb-agent monitoring lb-config --grafana > lb-agent.dashboard.json  Dashboards, New, Import

The rules and the dashboard find the agents by the labels job="lb-agent", cluster and instance that --scrape sets.
Prometheus must reach the agents: http.listen in agent.yaml is 127.0.0.1 unless you change it.
Print them again when lb.yaml gets another cluster name or other nodes.`

export const FIREWALL = `
  lb-agent firewall lb-config --node lb1 --scraper 10.0.0.5 > lb-agent.nft     10.0.0.5 is Prometheus

Without --into: a table of its own. It drops VRRP that no other node sent, and keeps the port of http.listen for the other
nodes and the scrapers; everything else it leaves alone. A chain that drops what it does not name needs --into: rules that
accept what this node must hear, and a jump to them. The head of what is printed says how it is loaded, kept and undone.`

export const PROVE = `
  lb-agent prove lb-config                                       the lb.yaml of a repository
  lb-agent prove --keepalived lb1/keepalived.conf lb2/keepalived.conf

A node is named after its file, or the directory of a keepalived.conf. Check scripts are read where they lie beside it.
Times are worst cases; --json has what each one is made of. Exit code 1: there is an error that lb.yaml does not accept.`

export const IMPORT = `
  lb-agent import ansible-k8s-ha-loadbalancer --out lb-config      an Ansible project
  lb-agent import /root/old-pair --out lb-config                   files of the nodes

Of an Ansible project: inventory (INI or YAML), group_vars, host_vars, and what its playbooks write as haproxy.cfg and
keepalived.conf, rendered for each host; nothing is run. Of files written by hand: lb1/haproxy.cfg and lb1/keepalived.conf,
or lb1.haproxy.cfg, haproxy-lb1.cfg and the like; a haproxy.cfg without a node's name is that of all nodes.
An lb.yaml that exists is never written over. Exit code 1: nothing usable was found, or lb.yaml lacks what only you know.`
