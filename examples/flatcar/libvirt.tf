# One Flatcar machine on libvirt/KVM that is lb1 at its first boot; for lb2 a second file with lb2.bu. It belongs into a
# configuration that has a provider "libvirt", a storage pool and a bridge.
terraform {
  required_providers {
    libvirt = { source = "dmacvicar/libvirt", version = "~> 0.8.0" }
    ct      = { source = "poseidon/ct", version = "~> 0.13" }
  }
}

variable "flatcar_image" {
  description = "flatcar_production_qemu_image.img, unpacked: a path or URL"
  type        = string
}

variable "pool" {
  description = "libvirt's storage pool"
  type        = string
  default     = "default"
}

variable "bridge" {
  description = "The bridge with the network of the balancers and the VIPs"
  type        = string
  default     = "br0"
}

# Transpiles the Butane file; `local:` in it is relative to this directory.
data "ct_config" "lb1" {
  content   = file("${path.module}/lb1.bu")
  files_dir = path.module
  strict    = true
}

resource "libvirt_ignition" "lb1" {
  name    = "lb1.ign"
  pool    = var.pool
  content = data.ct_config.lb1.rendered
}

resource "libvirt_volume" "flatcar" {
  name   = "flatcar.qcow2"
  pool   = var.pool
  source = var.flatcar_image
  format = "qcow2"
}

resource "libvirt_volume" "lb1" {
  name           = "lb1.qcow2"
  pool           = var.pool
  base_volume_id = libvirt_volume.flatcar.id
}

resource "libvirt_domain" "lb1" {
  name            = "lb1"
  vcpu            = 2
  memory          = 2048
  autostart       = true
  coreos_ignition = libvirt_ignition.lb1.id

  disk {
    volume_id = libvirt_volume.lb1.id
  }

  network_interface {
    bridge = var.bridge
  }

  # Flatcar's own messages.
  console {
    type        = "pty"
    target_port = "0"
    target_type = "serial"
  }
}
