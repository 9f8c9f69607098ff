import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { DeprecationService } from '@signalbox/domain/catalogue';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { PageQuery } from '../http/page-query.dto';
import { DeprecationList } from './deprecation.dto';
import { toDeprecationView } from './deprecation.mapper';

@ApiTags('Catalogue')
@Controller('api/v1/llm/catalogue/deprecations')
export class DeprecationController {
  constructor(private readonly deprecations: DeprecationService) {}

  @Get()
  @ApiOperation({
    summary:
      'List models in use that are deprecated or have vanished, who uses them, and what could take their place',
    description:
      'By id. Rules of routing and keys that name them, organizations that used them within seven days, and a proposal. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: DeprecationList })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<DeprecationList> {
    const page = await this.deprecations.list(caller, query.limit, query.cursor);
    return { ...page, data: page.data.map(toDeprecationView) };
  }
}
