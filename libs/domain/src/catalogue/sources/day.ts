import { z } from 'zod';

/** A day that the calendar has, as PostgreSQL's `date` takes it: there is no 2026-02-30, and no year 0. */
export const day = z.iso.date().refine((text) => !text.startsWith('0000'));
