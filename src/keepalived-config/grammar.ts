/** How keepalived reads what follows a keyword: `line`, `list` of lines, a block of keywords, or nothing of it here. */
export type Kind = 'line' | 'list' | 'skipped' | Grammar
export type Grammar = ReadonlyMap<string, Kind>

function words(kind: Kind, text: string): [string, Kind][] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => [word, kind])
}

/** What an instance and a sync group have in common. */
const FOLLOWED = words('list', 'track_interface track_script track_file track_process track_bfd')
const NOTIFIED = words(
  'line',
  'notify_backup notify_master notify_fault notify_stop notify smtp_alert notify_priority_changes',
)

const GLOBAL_DEFS: Grammar = new Map([
  ...words(
    'line',
    `process_names process_name vrrp_process_name checker_process_name lvs_process_name bfd_process_name router_id
    notification_email_from smtp_server smtp_helo_name smtp_connect_timeout smtp_alert startup_script startup_script_timeout
    shutdown_script shutdown_script_timeout max_auto_priority min_auto_priority_delay smtp_alert_vrrp smtp_alert_checker
    checker_log_all_failures dynamic_interfaces no_email_faults default_interface disable_local_igmp lvs_timeouts lvs_flush
    lvs_flush_on_stop lvs_flush_onstop lvs_sync_daemon vrrp_mcast_group4 vrrp_mcast_group6 vrrp_garp_master_delay
    vrrp_garp_master_repeat vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_lower_prio_delay
    vrrp_garp_lower_prio_repeat vrrp_down_timer_adverts vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if
    vrrp_vmac_garp_intvl vrrp_lower_prio_no_advert vrrp_higher_prio_send_advert vrrp_version vrrp_iptables vrrp_ipsets nftables
    nftables_priority nftables_ifindex nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark nftables_counters
    vrrp_check_unicast_src vrrp_skip_check_adv_addr vrrp_strict vrrp_priority vrrp_no_swap vrrp_rt_priority vrrp_cpu_affinity
    vrrp_rlimit_rttime vrrp_rlimit_rtime notify_fifo notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script
    vrrp_notify_priority_changes fifo_write_vrrp_states_on_reload lvs_notify_fifo lvs_notify_fifo_script checker_priority
    checker_no_swap checker_rt_priority checker_cpu_affinity checker_rlimit_rttime checker_rlimit_rtime bfd_priority bfd_no_swap
    bfd_rt_priority bfd_cpu_affinity bfd_rlimit_rttime bfd_rlimit_rtime snmp_socket enable_traps enable_snmp_vrrp
    enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_checker enable_dbus dbus_service_name
    script_user enable_script_security vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
    vrrp_netlink_monitor_rcv_bufs_force process_monitor_rcv_bufs process_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs
    lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force rs_init_notifies
    no_checker_emails vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier vrrp_startup_delay log_unknown_vrids vmac_prefix
    vmac_addr_prefix umask random_seed reload_check_config reload_time_file reload_repeat reload_file include_check
    config_save_dir tmp_config_directory data_use_instance`,
  ),
  ...words(
    'line',
    `use_symlink_paths set_supplementary_groups v3_checksum_as_v2 snmp_vs_stats_update_interval snmp_rs_stats_update_interval
    dbus_no_interface_name vrrp_delay_after_boot state_dump_file stats_dump_file json_dump_file json_version iproute_usr_dir
    iproute_etc_dir vrrp_owner_ignore_adverts`,
  ),
  ...words('list', 'notification_email'),
])

const INSTANCE: Grammar = new Map([
  ...FOLLOWED,
  ...NOTIFIED,
  ...words(
    'line',
    `use_vmac use_vmac_addr vmac_xmit_base use_ipvlan unicast_fault_no_peer check_unicast_src old_unicast_checksum native_ipv6
    state interface vrf dont_track_primary mcast_src_ip unicast_src_ip mcast_dst_ip track_src_ip virtual_router_id unicast_ttl
    version priority advert_int promote_secondaries linkbeat_use_polling accept no_accept skip_check_adv_addr strict_mode preempt
    nopreempt preempt_delay debug notify_deleted notify_master_rx_lower_pri lvs_sync_daemon_interface garp_master_delay
    garp_master_refresh garp_master_repeat garp_master_refresh_repeat garp_lower_prio_delay garp_lower_prio_repeat
    down_timer_adverts garp_extra_if vmac_garp_intvl lower_prio_no_advert higher_prio_send_advert kernel_rx_buf_size`,
  ),
  ...words('list', 'unicast_peer virtual_ipaddress virtual_ipaddress_excluded virtual_routes virtual_rules'),
  ...words(
    'line',
    'v3_checksum_as_v2 timer_expired_backup thread_timer_expired owner_ignore_adverts no_virtual_ipaddress',
  ),
  ...words('skipped', 'auth_hmac'),
  ['authentication', new Map(words('line', 'auth_type auth_pass'))],
])

const SYNC_GROUP: Grammar = new Map([
  ...FOLLOWED,
  ...NOTIFIED,
  ...words('line', 'global_tracking sync_group_tracking_weight'),
  ...words('list', 'group'),
])

const SCRIPT: Grammar = new Map(words('line', 'script interval timeout weight rise fall user init_fail'))
const TRACK_FILE: Grammar = new Map(words('line', 'file weight init_file'))
const TRACK_PROCESS: Grammar = new Map(
  words('line', 'process param_match weight quorum quorum_max delay terminate_delay fork_delay full_command'),
)

/**
 * Keywords of a keepalived.conf as Debian's keepalived 2.2.7 installs them (init_global_keywords(), vrrp_init_keywords()); blocks of
 * the load balancer and of BFD are passed over.
 */
export const GRAMMAR: Grammar = new Map<string, Kind>([
  ...words(
    'line',
    'linkbeat_use_polling net_namespace net_namespace_ipvs namespace_with_ipsets use_pid_dir instance child_wait_time',
  ),
  ...words('list', 'static_ipaddress static_routes static_rules linkbeat_interfaces interface_up_down_delays'),
  ...words('skipped', 'virtual_server virtual_server_group SSL bfd_instance track_group garp_group'),
  ['global_defs', GLOBAL_DEFS],
  ['vrrp_instance', INSTANCE],
  ['vrrp_sync_group', SYNC_GROUP],
  ['vrrp_script', SCRIPT],
  ['track_file', TRACK_FILE],
  ['vrrp_track_file', TRACK_FILE],
  ['vrrp_track_process', TRACK_PROCESS],
])

const AFTER = 'after 2.2.7'

/** Words of the grammar that 2.2.7 does not know, with the first version that does where that is known. */
export const NEWER: ReadonlyMap<string, string> = new Map([
  ['json_version', '2.2.8'],
  ['timer_expired_backup', '2.2.8'],
  ...['state_dump_file', 'stats_dump_file', 'json_dump_file'].map((word) => [word, '2.3.3'] as const),
  ['vrrp_delay_after_boot', '2.4.0'],
  ['auth_hmac', '2.4.0'],
  ...`use_symlink_paths set_supplementary_groups v3_checksum_as_v2 snmp_vs_stats_update_interval snmp_rs_stats_update_interval
  dbus_no_interface_name iproute_usr_dir iproute_etc_dir vrrp_owner_ignore_adverts owner_ignore_adverts thread_timer_expired
  no_virtual_ipaddress`
    .split(/\s+/)
    .map((word) => [word, AFTER] as const),
])
