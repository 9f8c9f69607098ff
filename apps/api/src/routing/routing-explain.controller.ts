import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { RoutingExplainService } from '@signalbox/domain/routing';
import { CurrentCaller } from '../http/access.decorators';
import { AnswerNotKept } from '../http/answer-not-kept.decorator';
import { ApiErrors } from '../http/api-errors.decorator';
import { ExplainRoutingBody } from './explain.dto';
import { toExplanationView } from './explain.mapper';
import { RoutingExplanationView } from './explain.view';

@ApiTags('Routing')
@Controller('api/v1/llm/routing/explain')
export class RoutingExplainController {
  constructor(private readonly routing: RoutingExplainService) {}

  @Post()
  @HttpCode(200)
  @AnswerNotKept()
  @ApiOperation({
    summary: 'Say how a request would be routed, and why',
    description:
      'No call is made. By the same choice and the same documents as the edges, at this moment: what the name stands for, every candidate with each part of its score or why it was dropped, and the order of the attempts. Scope: workspaces:read.',
  })
  @ApiOkResponse({ type: RoutingExplanationView })
  @ApiErrors('virtual_key_not_found', 'workspace_not_found', 'edge_state_unavailable')
  async explain(
    @CurrentCaller() caller: Caller,
    @Body() body: ExplainRoutingBody,
  ): Promise<RoutingExplanationView> {
    const explanation = await this.routing.explain(caller, {
      keyId: body.key_id,
      workspaceId: body.workspace_id,
      userId: body.user_id,
      request: body.request,
      path: body.path,
      sessionId: body.session_id,
      draw: body.draw,
    });
    return toExplanationView(explanation);
  }
}
