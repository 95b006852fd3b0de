export type { Module } from './wasm/module.js';
