/** Where VRRP adverts go by multicast (RFC 5798 §5.1.1.2 and §5.1.2.2). */
export const MULTICAST_GROUP = { 4: '224.0.0.18', 6: 'ff02::12' } as const
