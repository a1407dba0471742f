#!/usr/bin/env -S ts-node
import { readFileSync, writeFileSync } from "node:fs";
import type { Stats } from "node:fs";

enum Color { Red, Green = 5, Blue }
const enum Flag { On = 1 }
enum Name { A = "a" }

namespace Shapes {
  export const unit = 1;
  export namespace Deep { export function twice(n: number): number { return n * 2 * unit; } }
}

interface Named { readonly name: string; age?: number }
type Pair<A, B = A> = [A, B];

abstract class Animal<T extends Named = Named> {
  declare hidden: string;
  protected constructor(protected readonly named: T, private legs = 4) {}
  abstract sound(): string;
  describe(this: Animal<T>): string { return `${this.named.name} ${this.sound()} ${this.legs}`; }
}
class Dog extends Animal {
  constructor(name: string) { super({ name }); }
  override sound(): string { return "wuff"; }
}

function logged(target: object, key: string, descriptor: PropertyDescriptor): PropertyDescriptor {
  const inner = descriptor.value as (...args: number[]) => number;
  return { ...descriptor, value(this: unknown, ...args: number[]) { return inner.apply(this, args) + 1000; } };
}
function sealed(constructor: Function): void { Object.seal(constructor); }
const seen: string[] = [];
function parameter(_: object, key: string, index: number): void { seen.push(`${key}${index}`); }

@sealed
class Counter {
  accessor count: number = 0;
  static #made = 0;
  @logged add(@parameter by: number): number { Counter.#made++; return (this.count += by); }
  static get made(): number { return Counter.#made; }
}

function over(value: string): string;
function over(value: number): number;
function over(value: any): any { return value; }

function assertIsString(value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError("no string");
}

const pair: Pair<number> = [1, 2];
const checked = { name: "x", age: 3 } satisfies Named;
const literal = <const T,>(value: T): T => value;
let maybe: Stats | undefined;
const unknown: unknown = "text";
assertIsString(unknown);

writeFileSync("/tmp/f", unknown as string);
console.log(Color.Blue, Color[5], Flag.On, Name.A, Shapes.Deep.twice(21));
console.log(new Dog("rex").describe(), new Counter().add(1), Counter.made, seen.join(), Object.isSealed(Counter));
console.log(over("over"), pair!.length, checked.age, literal("const"), maybe?.size, readFileSync("/tmp/f", "utf8"));
console.log(await Promise.resolve(import.meta.url.endsWith("main.js")), process.argv.slice(2));
