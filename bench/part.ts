import type { Curve } from "./chart";
import type { Row } from "./report";
import type { User } from "./sign-up";

export interface Size {
  /** How often the loads of a comparison take turns, and for how long each time. */
  rounds: number;
  seconds: number;
  /** Creates, orders, payments and expiries whose CPU time is measured. */
  units: number;
  trades: number;
  connections: number[];
  /** Tickets and ended orders that are added before the costs are measured again. */
  stock: number[];
  livePages: number[];
}

/** What a part measures, and its users. */
export interface Bench {
  url: string;
  bareUrl: string;
  size: Size;
  /** Many, because limits are counted for each. */
  users: User[];
  ticketId: string;
}

export type Sections = Record<string, Row[]>;

/** A part of the benchmark: its tables, and curves for the chart. */
export type Part = (bench: Bench, curves: Curve[]) => Promise<Sections>;
