import { z } from 'zod';

/**
 * A field with another default. Where an object's options differ in one place, its fields are changed, not the object's
 * `prefault`, which holds only while no option of the object is given.
 */
export function withDefault<Field extends z.ZodType>(
  field: z.ZodDefault<Field>,
  value: z.core.util.NoUndefined<z.output<Field>>,
): z.ZodDefault<Field> {
  return z._default(field.unwrap(), value).describe(field.description ?? '');
}
