/** kube-apiserver, and the supervisor of RKE2. 8443, which kubeadm's guide gives HAProxy, is that of many ingresses as well. */
export const API_PORTS: readonly number[] = [6443, 9345]
