/** Launch settings of a source server: DRS's launch configuration, and the network of its EC2 launch template. */
export interface LaunchSettings {
  /** The machine gets the source server's address. */
  copyPrivateIp: boolean;
  /** The machine gets the source server's tags. */
  copyTags: boolean;
  /** State of the machine after the launch. */
  launchDisposition: 'STARTED' | 'STOPPED';
  rightSizing: 'NONE' | 'BASIC' | 'IN_AWS';
  /** Bring your own licence. */
  osByol: boolean;
  /** Subnet in the launch template; absent when the template names none. */
  subnetId: string | undefined;
  /** The EC2 instance to launch into, if any. */
  launchIntoInstanceId?: string;
}

/** A subnet of EC2. */
export interface Subnet {
  /** Order of creation in its account and Region, for paging. */
  readonly order: number;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly availabilityZone: string;
  /** Machines with an address in it. */
  used: number;
  /** Free addresses, in place of those that follow from the block and the machines. */
  fixedFreeAddresses: number | undefined;
}

/** A subnet to add. */
export interface NewSubnet {
  accountId: string;
  /** @default - the Region that the staging accounts recover in */
  region?: string;
  /** `subnet-` and 17 hexadecimal digits. */
  subnetId: string;
  vpcId: string;
  /** e.g. `10.100.0.0/16` */
  cidrBlock: string;
  /** @default - the Region's first */
  availabilityZone?: string;
  /** Free addresses, whatever is launched. @default - those of the block that no machine has */
  freeAddresses?: number;
}

/** AWS takes five addresses of each subnet (VPC user guide, "Subnet CIDR blocks"). */
const RESERVED_ADDRESSES = 5;

/** What a source server is launched with until somebody changes it. */
export function defaultLaunchSettings(subnetId: string): LaunchSettings {
  return {
    copyPrivateIp: false,
    copyTags: true,
    launchDisposition: 'STARTED',
    rightSizing: 'BASIC',
    osByol: false,
    subnetId,
  };
}

/** Free addresses of a subnet. */
export function freeAddresses({ cidrBlock, used, fixedFreeAddresses }: Subnet): number {
  const prefix = Number(cidrBlock.split('/')[1]);
  return fixedFreeAddresses ?? Math.max(0, 2 ** (32 - prefix) - RESERVED_ADDRESSES - used);
}
