import { parse } from 'yaml';
import { read } from './project-files';

export interface ComposeService {
  image?: string;
  build?: { context: string; dockerfile: string; target: string };
  command?: string[];
  environment: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks: string[] | Record<string, unknown>;
  depends_on?: Record<string, { condition: string }>;
  restart?: string;
  mem_limit?: string;
  read_only?: boolean;
  cap_drop?: string[];
  healthcheck?: unknown;
}

interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
}

export const composeText = read('docker-compose.yml');
export const compose = parse(composeText, { merge: true }) as ComposeFile;

export function service(name: string): ComposeService {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

export function networksOf(name: string): string[] {
  const { networks } = service(name);
  return Array.isArray(networks) ? networks : Object.keys(networks);
}
